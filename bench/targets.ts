import type { BindingCost } from './binding';
import type { CleanupFigures } from './cleanup';
import type { DatabaseWork } from './database-work';
import type { SessionMemory } from './memory';
import type { NodesCost } from './nodes/nodes';
import { throughput, type VariantTimes } from './one-process';
import { fixed, table, withError } from './report';
import type { RevocationDelay } from './revocation';
import type { PageTime } from './rows/pages';
import type { ManyRows } from './rows/many-rows';
import type { PartitionFigures } from './rows/partitions';
import type { ProcessFigures } from './separate-processes';
import type { SignInTime } from './sign-in';
import type { SlowFlush } from './slow-flush';
import { quotient } from './statistics';
import type { SessionStorage } from './storage';
import type { ToldDelay } from './told';
import type { TightLoop } from './tight-loop';
import type { TouchCost } from './touch-cost';
import type { LongestTurn } from './turns';
import { withCookieParser, withEmptyMiddleware } from './variants/plain';
import { cachedFastJwt } from './variants/tokens';
import { betterAuthWithCookieCache } from './variants/better-auth';
import { connectPgSimple } from './variants/connect-pg-simple';
import {
  guarded,
  guardedBound,
  guardedCold,
  guardedMany,
  guardedOpenXchange,
  guardedUnbound,
} from './variants/identity-sessions';
import type { Variant } from './variants/variant';

/** The results of a run. Measurements that were not run are absent. */
export interface Findings {
  oneProcess?: readonly VariantTimes[];
  binding?: BindingCost;
  tightLoop?: TightLoop;
  processes?: readonly ProcessFigures[];
  manyCached?: readonly ProcessFigures[];
  touches?: readonly TouchCost[];
  work?: readonly DatabaseWork[];
  signIns?: readonly SignInTime[];
  memory?: SessionMemory;
  storage?: SessionStorage;
  revocation?: readonly RevocationDelay[];
  slowFlush?: SlowFlush;
  cleanup?: CleanupFigures;
  turns?: readonly LongestTurn[];
  nodes?: NodesCost;
  rows?: ManyRows;
  partitions?: PartitionFigures;
  adminPage?: readonly PageTime[];
  told?: readonly ToldDelay[];
}

/** A measured value, with its standard error if there is one. */
type Measured = number | { readonly median: number; readonly error: number } | undefined;

interface Target {
  readonly name: string;
  readonly atLeast: boolean;
  readonly limit: number;
  readonly unit: string;
  readonly measured: (findings: Findings) => Measured;
}

/** The limit and its unit, separated by a space. For example `450 B`. */
type Limit = `${number}` | `${number} ${string}`;

const target = (atLeast: boolean, limit: Limit, name: string, measured: Target['measured']): Target => {
  const [amount, unit] = limit.split(' ');
  return { name, atLeast, limit: Number(amount), unit: unit === undefined ? '' : ` ${unit}`, measured };
};
const atLeast = (limit: Limit, name: string, measured: Target['measured']) =>
  target(true, limit, name, measured);
const atMost = (limit: Limit, name: string, measured: Target['measured']) =>
  target(false, limit, name, measured);

/** The targets of the package. Unless a name says otherwise, 10,000 cached sessions are used in turn. */
const targets: readonly Target[] = [
  atLeast('0.96', 'guarded request relative to an empty middleware, one process', ({ oneProcess }) =>
    relative(oneProcess, guarded, withEmptyMiddleware),
  ),
  atLeast('0.93', 'guarded request relative to an empty middleware, a process for each', ({ processes }) =>
    relativeProcesses(processes, guarded, withEmptyMiddleware),
  ),
  atLeast(
    '0.9',
    'guarded request relative to an empty middleware, many cached sessions',
    ({ manyCached }) => of(manyCached, guardedMany)?.ratio,
  ),
  atMost(
    '1.1 x',
    'p99 of a guarded request relative to an empty middleware, many cached sessions',
    ({ manyCached }) => {
      const [empty, many] = [of(manyCached, withEmptyMiddleware), of(manyCached, guardedMany)];
      return empty && many && many.p99 / empty.p99;
    },
  ),
  atLeast('0.97', 'guarded request with rotation and device binding relative to neither', ({ binding }) =>
    relative(binding?.variants, guardedBound, guardedUnbound),
  ),
  atMost(
    '10 x',
    'p99 of the renewal of a bound cookie relative to that of a cached request',
    ({ binding }) => binding && binding.renewal.p99 / binding.cached.p99,
  ),
  atMost('4 x', 'the guard without HTTP relative to one SHA-256 hash', ({ tightLoop }) => tightLoop?.hashes),
  atLeast('1 x', 'guarded request relative to fast-jwt with its cache, one process', ({ oneProcess }) =>
    relative(oneProcess, guarded, cachedFastJwt),
  ),
  atLeast('1', 'guarded request relative to Express + cookie-parser, one process', ({ oneProcess }) =>
    relative(oneProcess, guarded, withCookieParser),
  ),
  atLeast('0.9', 'guarded request, Open-Xchange protocol relative to REST, one process', ({ oneProcess }) =>
    relative(oneProcess, guardedOpenXchange, guarded),
  ),
  atLeast('3 x', 'guarded request relative to connect-pg-simple', ({ processes }) =>
    relativeProcesses(processes, guarded, connectPgSimple),
  ),
  atLeast('5 x', 'guarded request relative to better-auth with its cookie cache', ({ processes }) =>
    relativeProcesses(processes, guarded, betterAuthWithCookieCache),
  ),
  atMost('0.5', 'SQL statements per 1,000 requests, without reads of the change log', ({ work }) =>
    perRequest(work, ({ cost }) => cost.statements * 1000),
  ),
  atMost('10 B', 'WAL per request, without full pages', ({ work }) =>
    perRequest(work, ({ cost }) => cost.wal),
  ),
  atLeast('1.5 x', 'request with a cache miss relative to connect-pg-simple', ({ processes }) =>
    relativeProcesses(processes, guardedCold, connectPgSimple),
  ),
  atMost(
    '2 x',
    'one sign-in at a time relative to a plain INSERT of the row by pg',
    ({ signIns }) => signIns?.find(({ name }) => name === 'manager.open()')?.ratio,
  ),
  atMost(
    '1.1 x',
    'one sign-in at a time relative to one that writes no trail',
    ({ signIns }) => signIns?.find(({ name }) => name === 'manager.open()')?.trail,
  ),
  atMost('450 B', 'memory of a cached session', ({ memory }) => memory?.cached),
  atMost('450 B', 'a stored session with all indexes', ({ storage }) => storage?.used),
  atMost('50 ms', 'p99 until another node refuses a revoked session, notified by LISTEN', ({ revocation }) =>
    p99(revocation, 'LISTEN'),
  ),
  atMost('50 ms', 'p99 until another node refuses a revoked session, notified by Redis', ({ revocation }) =>
    p99(revocation, 'Redis'),
  ),
  atMost(
    '600 ms',
    'p99 until another node refuses a revoked session, without notifications',
    ({ revocation }) => p99(revocation, 'neither'),
  ),
  atMost(
    '2.5 x',
    'sign-in under the one-session rule relative to one without, 16 connections, slow flush',
    ({ slowFlush }) => slowFlush?.rates.find(({ name }) => name === 'sign-in, one session per user')?.ratio,
  ),
  atLeast(
    '2500',
    'revocations of one session per second, 16 connections, slow flush',
    ({ slowFlush }) => slowFlush?.rates.find(({ name }) => name === 'revocation of one session')?.perSecond,
  ),
  atMost(
    '50 ms',
    'p99 until another node refuses a revoked session, slow flush',
    ({ slowFlush }) => slowFlush?.revocation.p99,
  ),
  atLeast(
    '50000',
    'sessions that cleanup deletes per second, during touches and sign-ins',
    ({ cleanup }) => cleanup?.rowsPerSecond,
  ),
  atMost(
    '2 x',
    'p99 of a touch during cleanup relative to one without',
    ({ cleanup }) => cleanup && cleanup.touches.p99 / cleanup.touches.control,
  ),
  atMost(
    '20 ms',
    'longest turn of the event loop for a user with many sessions',
    ({ turns }) => turns && Math.max(...turns.map(({ median }) => median)),
  ),
  atLeast(
    '0.98',
    'throughput with two nodes reading the change log relative to no reads',
    ({ nodes }) => nodes?.reading.throughput,
  ),
  ...(['revokeEverything()', 'revokeEverything({ tenantId })'] as const).flatMap((call) =>
    (['statements', 'notifications'] as const).map((count) =>
      atMost(
        '1',
        `${count} with which ${call} ends 100,000 sessions`,
        ({ nodes }) => nodes?.ends.find((each) => each.call === call)?.[count],
      ),
    ),
  ),
  atMost(
    '1.1 x',
    'SQL statements per second of each of four nodes relative to a single node',
    ({ nodes }) => nodes && statementsOfMany(nodes.sideBySide),
  ),
  ...['list of one user', 'get one', 'revoke one', 'revoke others'].map((name) =>
    atMost(
      '1.5 x',
      `${name} with many sessions relative to 10,000`,
      ({ rows }) => rows?.calls.find((each) => each.name === name)?.ratio,
    ),
  ),
  ...['list of one user', 'get one', 'revoke one', 'sign-in'].map((name) =>
    atMost(
      '1.5 x',
      `p50 of ${name} with many sessions in partitions relative to 10,000`,
      ({ partitions }) => {
        const call = partitions?.calls.find((each) => each.name === name);
        return call && call.many / call.few;
      },
    ),
  ),
  ...(
    [
      ['newest 50 of a tenant', '5 ms'],
      ['50 of a tenant after 10,000 others', '5 ms'],
      ['last used 50 of a tenant', '100 ms'],
    ] as const
  ).map(([name, limit]) =>
    atMost(
      limit,
      `p50 of a page with many sessions: ${name}`,
      ({ rows }) => rows?.pages.find((each) => each.name === name)?.p50,
    ),
  ),
  atLeast(
    '99 %',
    'touches that change no index, after the first touch of the day',
    ({ rows }) => rows && rows.hot * 100,
  ),
  atMost(
    '2.5 x',
    '50 sign-ins of one user at once, one session allowed, relative to no rule',
    ({ rows }) => rows?.bursts.at(-1)?.ratio,
  ),
  atMost(
    '50 ms',
    'slowest page for administrators, p50',
    ({ adminPage }) => adminPage && Math.max(...adminPage.map(({ p50 }) => p50)),
  ),
  atMost(
    '1000 ms',
    'a browser on another node is told of an end, p99',
    ({ told }) => told && Math.max(...told.map(({ p99: delay }) => delay)),
  ),
  atMost('100 ms', 'end everything with many sessions', ({ rows }) => rows?.everything.ending),
];

/** Prints every target that was measured, with the measured value and whether it is met. */
export function printTargets(findings: Findings): void {
  const rows = targets.flatMap((each) => {
    const measured = each.measured(findings);
    return measured === undefined ? [] : [{ ...each, measured }];
  });
  table(rows, {
    target: ({ name }) => name,
    limit: ({ atLeast, limit, unit }) => `${atLeast ? '>=' : '<='} ${limit}${unit}`,
    measured: ({ measured, unit }) => {
      const digits = medianOf(measured) < 20 ? 2 : 0;
      return `${typeof measured === 'number' ? fixed(measured, digits) : withError(measured, digits)}${unit}`;
    },
    result: ({ atLeast, limit, measured }) =>
      (atLeast ? medianOf(measured) >= limit : medianOf(measured) <= limit) ? 'met' : '**missed**',
  });
}

function medianOf(measured: NonNullable<Measured>): number {
  return typeof measured === 'number' ? measured : measured.median;
}

function of<T extends { readonly name: string }>(all: readonly T[] | undefined, { name }: Variant) {
  return all?.find((each) => each.name === name);
}

function relative(all: Findings['oneProcess'], variant: Variant, reference: Variant): Measured {
  const [one, other] = [of(all, variant), of(all, reference)];
  return one && other && throughput(one, other);
}

function relativeProcesses(all: Findings['processes'], variant: Variant, reference: Variant): Measured {
  const [one, other] = [of(all, variant), of(all, reference)];
  return one && other && quotient(one.ratio, other.ratio);
}

function perRequest(all: Findings['work'], amount: (work: DatabaseWork) => number): Measured {
  const work = of(all, guarded);
  return work && amount(work) / work.requests;
}

/** Compares the statements of each node among the largest number of nodes with those of a single node. */
function statementsOfMany(counts: NodesCost['sideBySide']): Measured {
  const [one, most] = [counts[0], counts.at(-1)];
  return one && most && most.statements / most.nodes / (one.statements / one.nodes);
}

function p99(delays: Findings['revocation'], by: RevocationDelay['notifiedBy']): Measured {
  return delays?.find(({ notifiedBy }) => notifiedBy === by)?.p99;
}
