import type { BindingCost } from './binding';
import type { CleanupFigures } from './cleanup';
import type { DatabaseWork } from './database-work';
import type { SessionMemory } from './memory';
import type { NodesCost } from './nodes/nodes';
import { extraCpu, throughput, type VariantTimes } from './one-process';
import { fixed, table, withError } from './report';
import type { RevocationDelay } from './revocation';
import type { ManyRows } from './rows/many-rows';
import type { CallTime } from './rows/one-user';
import type { PageTime } from './rows/pages';
import type { PartitionFigures } from './rows/partitions';
import type { ProcessFigures } from './separate-processes';
import type { SignInTime } from './sign-in';
import type { SlowFlush } from './slow-flush';
import { mean, median, quotient } from './statistics';
import type { SessionStorage } from './storage';
import type { ToldDelay } from './told';
import type { TightLoop } from './tight-loop';
import type { TouchCost } from './touch-cost';
import type { LongestTurn } from './turns';
import { withEmptyMiddleware } from './variants/plain';
import type { Variant } from './variants/variant';

export function printOneProcess(variants: readonly VariantTimes[]): void {
  const reference = variants[0]!;
  const empty = named(variants, withEmptyMiddleware);
  table(variants, {
    variant: ({ name }) => name,
    'throughput relative to plain Express': (variant) => withError(throughput(variant, reference)),
    'to the empty middleware': (variant) => withError(throughput(variant, empty)),
    'µs per request': ({ times }) => fixed(median(times)),
    'CPU µs per request (mean)': ({ cpu }) => fixed(mean(cpu)),
    'CPU µs more than plain Express': (variant) => withError(extraCpu(variant, reference), 1),
  });
}

export function printBinding({ variants: [both, neither], renewal, cached }: BindingCost): void {
  table([both!, neither!], {
    variant: ({ name }) => name,
    'throughput relative to neither': (variant) => withError(throughput(variant, neither!), 3),
    'µs per request': ({ times }) => fixed(median(times)),
    'CPU µs per request (mean)': ({ cpu }) => fixed(mean(cpu)),
    'CPU µs more than neither': (variant) => withError(extraCpu(variant, neither!), 1),
  });
  const latencies = [
    { name: 'a cached request', ...cached },
    { name: 'the renewal of a bound cookie', ...renewal },
  ];
  table(latencies, {
    'on an idle connection': ({ name }) => name,
    'p50 ms': ({ p50 }) => fixed(p50, 2),
    'p99 ms': ({ p99 }) => fixed(p99, 2),
    'p50 relative to a cached request': ({ p50 }) => fixed(p50 / cached.p50, 1),
    'p99 relative to a cached request': ({ p99 }) => fixed(p99 / cached.p99, 1),
  });
}

function named<T extends { readonly name: string }>(all: readonly T[], { name }: Variant): T {
  return all.find((each) => each.name === name)!;
}

export function printTightLoop({ hashes, guard, hash }: TightLoop): void {
  printPairs('the guard without HTTP, less an empty middleware', 'measured', [
    ['SHA-256 hashes of a secret', withError(hashes)],
    ['µs', fixed(guard, 2)],
    ['µs of one hash', fixed(hash, 2)],
  ]);
}

export function printTouchCost(costs: readonly TouchCost[]): void {
  table(costs, {
    write: ({ name }) => name,
    'WAL bytes per session': ({ wal }) => fixed(wal),
    'µs per session': ({ time }) => fixed(time, 1),
  });
}

/** The first variant is the empty middleware, so that all ratios are relative to it. */
export function printManyCached(variants: readonly ProcessFigures[]): void {
  table(variants, {
    variant: ({ name }) => name,
    'throughput relative to the empty middleware': ({ ratio }) => withError(ratio),
    'p50 ms': ({ p50 }) => fixed(p50, 1),
    'p99 ms': ({ p99 }) => fixed(p99, 1),
    'memory MB': ({ memory }) => fixed(memory / 2 ** 20),
  });
}

export function printProcesses(variants: readonly ProcessFigures[]): void {
  const empty = named(variants, withEmptyMiddleware);
  table(variants, {
    variant: ({ name }) => name,
    'throughput relative to plain Express': ({ ratio }) => withError(ratio),
    'to the empty middleware': ({ ratio }) => withError(quotient(ratio, empty.ratio)),
    quartiles: ({ ratio }) => ratio.quartiles.map((quartile) => fixed(quartile, 2)).join(' to '),
    'CPU relative to plain Express': ({ cpuRatio }) => withError(cpuRatio),
    'requests/s': ({ requestsPerSecond }) => fixed(requestsPerSecond),
    'CPU µs per request': ({ cpu }) => fixed(cpu),
    'p50 ms': ({ p50 }) => fixed(p50, 1),
    'p99 ms': ({ p99 }) => fixed(p99, 1),
    'memory MB': ({ memory }) => fixed(memory / 2 ** 20),
  });
}

export function printDatabaseWork(variants: readonly DatabaseWork[]): void {
  table(variants, {
    variant: ({ name }) => name,
    'requests/s': ({ requests, seconds }) => fixed(requests / seconds),
    'SQL statements per 1,000 requests': ({ requests, cost }) =>
      fixed((cost.statements * 1000) / requests, 2),
    'reads of the change log per second': ({ seconds, cost }) => fixed(cost.logReads / seconds, 1),
    'WAL bytes per 1,000 requests': ({ requests, cost }) => fixed((cost.wal * 1000) / requests),
    'plus full pages': ({ requests, cost }) => fixed((cost.fullPages * 1000) / requests),
  });
}

export function printSignIns(operations: readonly SignInTime[]): void {
  table(operations, {
    operation: ({ name }) => name,
    'p50 ms': ({ p50 }) => fixed(p50, 2),
    'p99 ms': ({ p99 }) => fixed(p99, 2),
    'relative to a plain INSERT': ({ ratio }) => withError(ratio),
    'relative to no trail': ({ trail }) => withError(trail),
  });
}

export function printSizes(memory: SessionMemory, storage: SessionStorage): void {
  printPairs('a session', 'bytes', [
    ['in the cache', fixed(memory.cached)],
    ['in the cache, with a last-accessed time that is not yet written', fixed(memory.used)],
    ['in the database after the sign-in', fixed(storage.signedIn)],
    ['in the database after some use', fixed(storage.used)],
    ['indexes, as part of that', fixed(storage.indexes)],
  ]);
}

export function printCleanup(figures: CleanupFigures): void {
  table([figures], {
    'sessions deleted per second': ({ rowsPerSecond }) => fixed(rowsPerSecond),
    'touch of 500 sessions, p99 ms': ({ touches }) => fixed(touches.p99, 1),
    'without cleanup, p99 ms': ({ touches }) => fixed(touches.control, 1),
  });
}

export function printRevocations(delays: readonly RevocationDelay[]): void {
  table(delays, {
    'notified by': ({ notifiedBy }) => notifiedBy,
    'p50 ms': ({ p50 }) => fixed(p50, 1),
    'p99 ms': ({ p99 }) => fixed(p99, 1),
    'longest ms': ({ longest }) => fixed(longest, 1),
  });
}

export function printTurns(turns: readonly LongestTurn[]): void {
  table(turns, {
    operation: ({ name }) => name,
    sessions: ({ sessions }) => fixed(sessions),
    'median ms': ({ median }) => fixed(median, 1),
    'longest ms': ({ longest }) => fixed(longest, 1),
  });
}

export function printSlowFlush({ rates, revocation }: SlowFlush): void {
  table(rates, {
    operation: ({ name }) => name,
    'per second': ({ perSecond }) => fixed(perSecond),
    'time relative to a sign-in': ({ ratio }) => withError(ratio),
  });
  printRevocations([revocation]);
}

export function printNodes({ reading, ends, sideBySide }: NodesCost): void {
  table([reading], {
    'while two nodes read the change log': () => 'relative to no reads',
    throughput: (relative) => withError(relative.throughput, 3),
    'CPU per request': (relative) => withError(relative.cpu, 3),
  });
  table(ends, {
    'call that ends 100,000 sessions': ({ call }) => call,
    ms: ({ ms }) => fixed(ms, 1),
    statements: ({ statements }) => (statements === undefined ? 'not counted' : fixed(statements)),
    notifications: ({ notifications }) => fixed(notifications),
  });
  table(sideBySide, {
    nodes: ({ nodes }) => fixed(nodes),
    'requests/s': ({ requests }) => fixed(requests),
    'SQL statements per second and node': ({ nodes, statements }) => fixed(statements / nodes, 2),
    'reads of the change log, as part of that': ({ nodes, logReads }) => fixed(logReads / nodes, 2),
  });
}

export function printRows({ rows, calls, pages, pagesOfFew, hot, bursts, everything }: ManyRows): void {
  printCalls(rows, calls);
  const p50OfFew = new Map(pagesOfFew.map(({ name, p50 }) => [name, p50]));
  table(pages, {
    page: ({ name }) => name,
    [`p50 ms, ${rows} sessions`]: ({ p50 }) => fixed(p50, 2),
    'p99 ms': ({ p99 }) => fixed(p99, 2),
    'p50 ms, 10,000 sessions': ({ name }) => fixed(p50OfFew.get(name)!, 2),
  });
  table(bursts, {
    '50 sign-ins of one user at once': ({ name }) => name,
    'ms for all': ({ all }) => fixed(all, 1),
    'relative to no rule': ({ ratio }) => withError(ratio),
  });
  printPairs('figure', 'value', [
    ['touches that change no index, %', fixed(hot * 100, 2)],
    ['end everything, ms', fixed(everything.ending, 1)],
    ['session rows written by that', fixed(everything.written)],
    ['a page of the newest sessions after that, ms', fixed(everything.page, 1)],
  ]);
}

export function printPartitions({ rows, calls, cleanup, bytes }: PartitionFigures): void {
  printCalls(rows, calls);
  printPairs('figure', 'value', [
    ['sessions that cleanup deletes per second, during sign-ins', fixed(cleanup.rowsPerSecond)],
    ['p99 of these sign-ins, ms', fixed(cleanup.signIn, 1)],
    ['bytes of a session with all indexes', fixed(bytes)],
  ]);
}

function printCalls(rows: number, calls: readonly CallTime[]): void {
  table(calls, {
    operation: ({ name }) => name,
    [`p50 ms, ${rows} sessions`]: ({ many }) => fixed(many, 2),
    'p50 ms, 10,000 sessions': ({ few }) => fixed(few, 2),
    ratio: ({ ratio }) => withError(ratio),
  });
}

export function printAdminPage(pages: readonly PageTime[]): void {
  table(pages, {
    page: ({ name }) => name,
    'p50 ms': ({ p50 }) => fixed(p50, 1),
    'p99 ms': ({ p99 }) => fixed(p99, 1),
  });
}

export function printTold(delays: readonly ToldDelay[]): void {
  table(delays, {
    stream: ({ stream }) => stream,
    'p50 ms': ({ p50 }) => fixed(p50, 1),
    'p99 ms': ({ p99 }) => fixed(p99, 1),
    'longest ms': ({ longest }) => fixed(longest, 1),
  });
}

function printPairs(left: string, right: string, pairs: readonly (readonly [string, string])[]): void {
  table(pairs, { [left]: ([name]) => name, [right]: ([, value]) => value });
}
