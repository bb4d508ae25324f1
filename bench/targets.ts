import type { CleanupCourse } from './cleanup';
import type { NodesCost } from './nodes/nodes';
import { throughput, type Course } from './one-process';
import { about, give, table } from './report';
import type { RevocationDelay } from './revocation';
import type { ManyRows } from './rows/rows';
import type { Served } from './separate-processes';
import type { DatabaseWork } from './database-work';
import type { SessionMemory } from './memory';
import type { SignInTime } from './sign-in';
import { quotient } from './statistics';
import type { SessionStorage } from './storage';
import { bare, withCookieParser } from './variants/bare';
import { betterAuthWithCookieCache } from './variants/better-auth';
import { connectPgSimple } from './variants/connect-pg-simple';
import { guarded, guardedCold, guardedOpenXchange } from './variants/identity-sessions';
import type { Variant } from './variants/variant';

/** All that a run has found out; what was not measured is absent. */
export interface Findings {
  oneProcess?: readonly Course[];
  served?: readonly Served[];
  work?: readonly DatabaseWork[];
  signIns?: readonly SignInTime[];
  memory?: SessionMemory;
  storage?: SessionStorage;
  revocation?: readonly RevocationDelay[];
  cleanup?: CleanupCourse;
  nodes?: NodesCost;
  rows?: ManyRows;
}

interface Target {
  readonly what: string;
  readonly limit: number;
  readonly sense: 'at least' | 'at most';
  readonly unit?: string;
  measure(findings: Findings): { median: number; error?: number } | undefined;
}

/** What the package is meant to reach, warm and with 10,000 sessions round robin where nothing else is said. */
const targets: readonly Target[] = [
  {
    what: 'guarded request against bare Express, all variants in one process',
    limit: 0.93,
    sense: 'at least',
    measure: ({ oneProcess }) => pair(oneProcess, guarded, bare),
  },
  {
    what: 'the same, a process per variant',
    limit: 0.85,
    sense: 'at least',
    measure: ({ served }) => of(served, guarded)?.ratio,
  },
  {
    what: 'guarded request against Express + cookie-parser, one process',
    limit: 1,
    sense: 'at least',
    measure: ({ oneProcess }) => pair(oneProcess, guarded, withCookieParser),
  },
  {
    what: 'guarded request on the wire of Open-Xchange against the REST wire, one process',
    limit: 0.9,
    sense: 'at least',
    measure: ({ oneProcess }) => pair(oneProcess, guardedOpenXchange, guarded),
  },
  {
    what: 'guarded request against connect-pg-simple',
    limit: 3,
    sense: 'at least',
    unit: ' x',
    measure: ({ served }) => between(served, guarded, connectPgSimple),
  },
  {
    what: 'guarded request against better-auth with cookie cache',
    limit: 5,
    sense: 'at least',
    unit: ' x',
    measure: ({ served }) => between(served, guarded, betterAuthWithCookieCache),
  },
  {
    what: 'SQL statements per 1,000 requests, heartbeat of the change log apart',
    limit: 0.5,
    sense: 'at most',
    measure: ({ work }) => perRequest(work, ({ cost }) => cost.statements * 1000),
  },
  {
    what: 'WAL per request, full pages apart',
    limit: 10,
    sense: 'at most',
    unit: ' B',
    measure: ({ work }) => perRequest(work, ({ cost }) => cost.wal),
  },
  {
    what: 'cold request (cache miss) against connect-pg-simple',
    limit: 1.5,
    sense: 'at least',
    unit: ' x',
    measure: ({ served }) => between(served, guardedCold, connectPgSimple),
  },
  {
    what: 'sign-in, one at a time, against a bare INSERT of the row by pg',
    limit: 2,
    sense: 'at most',
    unit: ' x',
    measure: ({ signIns }) => signIns?.find(({ name }) => name === 'manager.open()')?.ratio,
  },
  {
    what: 'memory per cached session',
    limit: 1024,
    sense: 'at most',
    unit: ' B',
    measure: ({ memory }) => memory && { median: memory.cached },
  },
  {
    what: 'stored session, all indexes included',
    limit: 450,
    sense: 'at most',
    unit: ' B',
    measure: ({ storage }) => storage && { median: storage.used },
  },
  {
    what: 'a revocation reaches another node by LISTEN, 99 of 100',
    limit: 50,
    sense: 'at most',
    unit: ' ms',
    measure: ({ revocation }) => slowest(revocation, 'LISTEN'),
  },
  {
    what: 'the same by Redis',
    limit: 50,
    sense: 'at most',
    unit: ' ms',
    measure: ({ revocation }) => slowest(revocation, 'Redis'),
  },
  {
    what: 'the same by neither',
    limit: 600,
    sense: 'at most',
    unit: ' ms',
    measure: ({ revocation }) => slowest(revocation, 'neither'),
  },
  {
    what: 'sessions that cleanup deletes in a second, while others are touched and people sign in',
    limit: 50_000,
    sense: 'at least',
    measure: ({ cleanup }) => cleanup && { median: cleanup.rowsPerSecond },
  },
  {
    what: 'a touch meanwhile, 99 of 100, against one without cleanup',
    limit: 2,
    sense: 'at most',
    unit: ' x',
    measure: ({ cleanup }) => cleanup && { median: cleanup.touches.p99 / cleanup.touches.control },
  },
  {
    what: "warm throughput with two nodes' log reading on, against off",
    limit: 0.98,
    sense: 'at least',
    measure: ({ nodes }) => nodes?.reading.throughput,
  },
  ...(['revokeEverything()', 'revokeEverything({ tenantId })'] as const).flatMap((act) =>
    (['statements', 'notices'] as const).map((what): Target => ({
      what: `${what} by which ${act} ends 100,000 sessions`,
      limit: 1,
      sense: 'at most',
      measure: ({ nodes }) => {
        const amount = nodes?.ends.find((each) => each.act === act)?.[what];
        return amount === undefined ? undefined : { median: amount };
      },
    })),
  ),
  {
    what: 'SQL statements a second of each of four nodes, against one alone',
    limit: 1.1,
    sense: 'at most',
    unit: ' x',
    measure: ({ nodes }) => nodes && growth(nodes.sideBySide),
  },
  ...['list of one user', 'get one', 'revoke one', 'revoke others'].map((act): Target => ({
    what: `${act} among many sessions, against 10,000`,
    limit: 1.5,
    sense: 'at most',
    unit: ' x',
    measure: ({ rows }) => rows?.acts.find((each) => each.act === act)?.ratio,
  })),
  ...(
    [
      ['newest 50 of a tenant', 5],
      ['the 50 of a tenant after 10,000', 5],
      ['50 of a tenant that were used last', 100],
    ] as const
  ).map(([what, limit]): Target => ({
    what: `${what}, among many sessions`,
    limit,
    sense: 'at most',
    unit: ' ms',
    measure: ({ rows }) => {
      const page = rows?.pages.find((each) => each.what === what);
      return page && { median: page.p50 };
    },
  })),
  {
    what: 'touches that leave all indexes alone, after the first of a day',
    limit: 99,
    sense: 'at least',
    unit: ' %',
    measure: ({ rows }) => rows && { median: rows.hot * 100 },
  },
  {
    what: '50 sign-ins of one user at once, one session a user, against no rule',
    limit: 2.5,
    sense: 'at most',
    unit: ' x',
    measure: ({ rows }) => rows?.rushes.at(-1)?.ratio,
  },
  {
    what: 'everything is ended, among many sessions',
    limit: 100,
    sense: 'at most',
    unit: ' ms',
    measure: ({ rows }) => rows && { median: rows.everything.ending },
  },
];

/** Prints each target with what was measured, and whether it is met. */
export function printTargets(findings: Findings): void {
  const rows = targets.flatMap((target) => {
    const measured = target.measure(findings);
    return measured === undefined ? [] : [row(target, measured)];
  });
  table(['what', 'target', 'measured', ''], rows);
}

function row(
  { what, limit, sense, unit = '' }: Target,
  { median, error }: { median: number; error?: number },
): string[] {
  const digits = median < 20 ? 2 : 0;
  const measured = error === undefined ? give(median, digits) : about({ median, error }, digits);
  const met = sense === 'at least' ? median >= limit : median <= limit;
  return [
    what,
    `${sense === 'at least' ? '>=' : '<='} ${limit}${unit}`,
    `${measured}${unit}`,
    met ? 'met' : '**missed**',
  ];
}

function of<T extends { readonly name: string }>(
  all: readonly T[] | undefined,
  { name }: Variant,
): T | undefined {
  return all?.find((each) => each.name === name);
}

function pair(courses: readonly Course[] | undefined, one: Variant, other: Variant) {
  const [mine, theirs] = [of(courses, one), of(courses, other)];
  return mine && theirs && throughput(mine, theirs);
}

function between(served: readonly Served[] | undefined, one: Variant, other: Variant) {
  const [mine, theirs] = [of(served, one), of(served, other)];
  return mine && theirs && quotient(mine.ratio, theirs.ratio);
}

function perRequest(all: readonly DatabaseWork[] | undefined, amount: (work: DatabaseWork) => number) {
  const work = of(all, guarded);
  return work && { median: amount(work) / work.requests };
}

/** What a node of the most side by side asks of what the one alone does. */
function growth(counts: NodesCost['sideBySide']) {
  const [one, most] = [counts[0], counts.at(-1)];
  if (one === undefined || most === undefined) return undefined;
  return { median: most.statements / most.nodes / (one.statements / one.nodes) };
}

function slowest(delays: readonly RevocationDelay[] | undefined, by: RevocationDelay['way']) {
  const delay = delays?.find(({ way }) => way === by);
  return delay && { median: delay.p99 };
}
