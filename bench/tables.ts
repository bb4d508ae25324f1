import type { CleanupCourse } from './cleanup';
import { extraCpu, throughput, type Course } from './one-process';
import type { SessionMemory } from './memory';
import type { NodesCost } from './nodes/nodes';
import { about, give, paragraph, table } from './report';
import type { RevocationDelay } from './revocation';
import type { ManyRows } from './rows/rows';
import type { Served } from './separate-processes';
import type { DatabaseWork } from './database-work';
import type { SignInTime } from './sign-in';
import { mean, median } from './statistics';
import type { SessionStorage } from './storage';

export function printCourses(courses: readonly Course[]): void {
  const reference = courses[0]!;
  const rows = courses.map((course) => [
    course.name,
    about(throughput(course, reference)),
    give(median(course.times)),
    give(mean(course.cpu)),
    about(extraCpu(course, reference), 1),
  ]);
  table(['', 'throughput, of bare', 'µs a request', 'CPU µs a request, mean', 'CPU µs more than bare'], rows);
}

export function printServed(served: readonly Served[]): void {
  const rows = served.map(({ name, ratio, cpuRatio, requestsPerSecond, cpu, p50, p99, memory }) => [
    name,
    about(ratio),
    ratio.quartiles.map((quartile) => give(quartile, 2)).join(' to '),
    about(cpuRatio),
    give(requestsPerSecond),
    give(cpu),
    give(p50, 1),
    give(p99, 1),
    give(memory / 2 ** 20),
  ]);
  table(
    [
      '',
      'throughput, of bare',
      'quartiles',
      'CPU, of bare',
      'requests/s',
      'CPU µs a request',
      'p50 ms',
      'p99 ms',
      'memory MB',
    ],
    rows,
  );
}

export function printDatabaseWork(all: readonly DatabaseWork[]): void {
  const rows = all.map(({ name, requests, seconds, cost }) => [
    name,
    give(requests / seconds),
    give((cost.statements * 1000) / requests, 2),
    give(cost.heartbeats / seconds, 1),
    give((cost.wal * 1000) / requests),
    give((cost.fullPages * 1000) / requests),
  ]);
  table(
    [
      '',
      'requests/s',
      'SQL statements per 1,000 requests',
      'reads of the change log a second',
      'WAL bytes per 1,000 requests',
      'and as full pages',
    ],
    rows,
  );
}

export function printSignIns(times: readonly SignInTime[]): void {
  const rows = times.map(({ name, p50, p99, ratio }) => [name, give(p50, 2), give(p99, 2), about(ratio)]);
  table(['', 'p50 ms', 'p99 ms', 'of a bare INSERT'], rows);
}

export function printSizes(memory: SessionMemory | undefined, storage: SessionStorage | undefined): void {
  table(
    ['', 'bytes a session'],
    [
      ...(memory === undefined
        ? []
        : [
            ['in the cache', give(memory.cached)],
            ['in the cache, its last-accessed time not written yet', give(memory.used)],
          ]),
      ...(storage === undefined
        ? []
        : [
            ['stored, after the sign-in', give(storage.signedIn)],
            ['stored, after some use', give(storage.used)],
            ['of that, indexes', give(storage.indexes)],
          ]),
    ],
  );
}

export function printCleanup({ rowsPerSecond, touches }: CleanupCourse): void {
  table(
    ['sessions deleted a second', 'touch of 500, p99 ms', 'without cleanup'],
    [[give(rowsPerSecond), give(touches.p99, 1), give(touches.control, 1)]],
  );
}

export function printRevocations(delays: readonly RevocationDelay[]): void {
  const rows = delays.map(({ way, p50, p99, longest }) => [
    way,
    give(p50, 1),
    give(p99, 1),
    give(longest, 1),
  ]);
  table(['hears by', 'p50 ms', 'p99 ms', 'longest ms'], rows);
}

export function printNodes({ reading, ends, sideBySide }: NodesCost): void {
  table(
    ['', 'throughput, of that without', 'CPU of a request, of that without'],
    [['two nodes read the log', about(reading.throughput, 3), about(reading.cpu, 3)]],
  );
  paragraph('');
  table(
    ['ends 100,000 sessions', 'ms', 'statements', 'notices'],
    ends.map(({ act, ms, statements, notices }) => [
      act,
      give(ms, 1),
      statements === undefined ? 'not counted' : give(statements),
      give(notices),
    ]),
  );
  paragraph('');
  table(
    [
      'nodes side by side',
      'requests/s',
      'SQL statements a second and node',
      'of these, reads of the change log',
    ],
    sideBySide.map(({ nodes, requests, statements, heartbeats }) => [
      give(nodes),
      give(requests),
      give(statements / nodes, 2),
      give(heartbeats / nodes, 2),
    ]),
  );
}

export function printRows({ acts, pages, pagesOfFew, hot, rushes, everything }: ManyRows): void {
  table(
    ['p50 ms', 'among them', 'among 10,000', 'ratio'],
    acts.map(({ act, many, few, ratio }) => [act, give(many, 2), give(few, 2), about(ratio)]),
  );
  paragraph('');
  table(
    ['ms', 'p50', 'p99', 'p50 among 10,000'],
    pages.map(({ what, p50, p99 }, page) => [
      what,
      give(p50, 2),
      give(p99, 2),
      give(pagesOfFew[page]!.p50, 2),
    ]),
  );
  paragraph('');
  table(
    ['50 sign-ins of one user at once', 'all of them, ms', 'of those without a rule'],
    rushes.map(({ name, all, ratio }) => [name, give(all, 1), about(ratio)]),
  );
  paragraph('');
  table(
    ['', ''],
    [
      ['touches that leave all indexes alone, %', give(hot * 100, 2)],
      ['everything is ended, ms', give(everything.ending, 1)],
      ['rows of sessions written by that', give(everything.written)],
      ['a page of the newest sessions then, ms', give(everything.page, 1)],
    ],
  );
}
