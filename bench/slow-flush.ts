import knex from 'knex';

import type { IdentitySessionManager, IdentitySessionOptions } from '../lib';
import type { Database } from './database';
import { inParallel } from './parallel';
import { signInOf } from './people';
import { delayBy, type RevocationDelay } from './revocation';
import { median, ratios, summary, timed, type Summary } from './statistics';
import { builtPackage } from './variants/peers';

/** The throughput of one node on a database whose disk takes long to flush. */
export interface SlowFlush {
  readonly rates: readonly Rate[];
  readonly revocation: RevocationDelay;
}

export interface Rate {
  readonly name: string;
  readonly perSecond: number;
  /** The time of one call relative to a sign-in without a rule in the same round. */
  readonly ratio: Summary;
}

/** The time that the write-ahead log takes to reach the disk, in milliseconds. */
export const FLUSH = 2;

/** The number of connections, and of calls at the same time. */
export const CONNECTIONS = 16;

/** More than the calls at the same time, so that the calls of one user never wait for each other. */
const USERS = 400;

/** Measures sign-ins and revocations alternately, and the time until another node refuses a revoked session. */
export async function measureSlowFlush(
  database: Database,
  { rounds, calls, revocations }: { rounds: number; calls: number; revocations: number },
): Promise<SlowFlush> {
  const url = await database.create({ flush: FLUSH });
  const pool = knex({ client: 'pg', connection: url, pool: { min: CONNECTIONS, max: CONNECTIONS } });
  const { migrate, createIdentitySessionManager } = builtPackage();
  await migrate(pool);
  const manager = (options: IdentitySessionOptions) =>
    createIdentitySessionManager({ knex: pool, ...options });
  const free = manager({});
  const again = manager({});
  const single = manager({ preventConcurrentLogin: 'LogoutFromAllDevices' });
  const operations: Readonly<Record<string, () => Promise<number>>> = {
    'sign-in': () => timeSignIns(free, 'a', calls),
    'sign-in again (control)': () => timeSignIns(again, 'b', calls),
    'sign-in, one session per user': () => timeSignIns(single, 'c', calls),
    'revocation of one session': () => timeRevocations(free, 'd', calls),
  };
  try {
    const times = Object.keys(operations).map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      // Autovacuum would do this within a minute. Until then, plans for an empty table scan the whole table.
      if (round === 0) await pool.raw('analyze identity_sessions');
      for (const [index, operation] of Object.values(operations).entries()) {
        const time = await operation();
        if (round >= 0) times[index]!.push(time / calls);
      }
    }
    const rates = Object.keys(operations).map((name, index) => ({
      name,
      perSecond: 1000 / median(times[index]!),
      ratio: summary(ratios(times[index]!, times[0]!)),
    }));
    return {
      rates,
      revocation: await delayBy('LISTEN', await database.create({ flush: FLUSH }), revocations),
    };
  } finally {
    for (const each of [free, again, single]) await each.close();
    await pool.destroy();
  }
}

function timeSignIns(manager: IdentitySessionManager, prefix: string, calls: number): Promise<number> {
  return timed(() => signIns(manager, prefix, calls));
}

async function timeRevocations(
  manager: IdentitySessionManager,
  prefix: string,
  calls: number,
): Promise<number> {
  const opened = await signIns(manager, prefix, calls);
  return timed(() =>
    inParallel(
      calls,
      (call) => {
        const { session } = opened[call]!;
        return manager.revoke({ owner: session, only: [session.sessionId] });
      },
      CONNECTIONS,
    ),
  );
}

function signIns(manager: IdentitySessionManager, prefix: string, calls: number) {
  return inParallel(calls, (call) => manager.open(signInOf(`${prefix}${call % USERS}`, call)), CONNECTIONS);
}
