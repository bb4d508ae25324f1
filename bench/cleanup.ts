import { setTimeout as sleep } from 'node:timers/promises';
import knex, { type Knex } from 'knex';

import type { IdentitySessionManager } from '../lib';
import { appConnections } from '../lib/database/knex';
import { StatementRunner } from '../lib/database/statement-runner';
import { postgres } from '../lib/store/postgres/postgres';
import type { AdministeredStore } from '../lib/store/store';
import type { Database } from './database';
import { signInOf } from './people';
import { percentile } from './statistics';
import { builtPackage } from './variants/peers';

/** The speed of a cleanup, and its effect on concurrent touches. */
export interface CleanupFigures {
  readonly rowsPerSecond: number;
  /** The time of one statement that writes 500 touches, in milliseconds, during a cleanup and without one. */
  readonly touches: { readonly p99: number; readonly control: number };
}

const ACTIVE = 100_000;
const TOUCHED_AT_ONCE = 500;
const CONTROL_SECONDS = 4;

/** Cleans up sessions that expired long ago, during touches and sign-ins of others. */
export async function measureCleanup(database: Database, expired: number): Promise<CleanupFigures> {
  const pool = knex({ client: 'pg', connection: await database.create() });
  await builtPackage().migrate(pool);
  const manager = builtPackage().createIdentitySessionManager({ knex: pool, isCleanupEnabled: false });
  try {
    await fill(pool, expired);
    const ids = await pool('identity_sessions').where('user_id', 'active').pluck<string[]>('session_id');
    const store = postgres(new StatementRunner(appConnections(pool), { budget: 60_000 }));
    const control = await latencies(store, manager, ids, sleep(CONTROL_SECONDS * 1000));

    const begun = performance.now();
    const cleaning = manager.runCleanup().then((result) => ({ ...result!, took: performance.now() - begun }));
    const during = await latencies(store, manager, ids, cleaning);
    const { deleted, took } = await cleaning;
    if (deleted < expired) throw new Error(`Only ${deleted} of ${expired} sessions were deleted`);
    return {
      rowsPerSecond: (deleted * 1000) / took,
      touches: { p99: percentile(during, 99), control: percentile(control, 99) },
    };
  } finally {
    await manager.close();
    await pool.destroy();
  }
}

/** Inserts expired sessions and active ones. Half of them stay signed in, and all have been used. */
async function fill(pool: Knex, expired: number): Promise<void> {
  const rows = (count: number, user: string, age: string) => `
    insert into identity_sessions
      (session_id, secret_hash, user_id, device, user_agent, ip_addresses, stay_signed_in, signed_in, last_accessed, active_day)
    select gen_random_uuid(), decode(repeat('ab', 32), 'hex'), ${user}, 'Web', repeat('x', 110), '192.0.2.1', i % 2 = 0,
      moment, moment, moment::date
    from generate_series(1, ${count}) as i, lateral (select now() - ${age} * random() as moment) as at`;
  await pool.raw(rows(expired, 'i', "interval '5 days'").replace('now()', "now() - interval '40 days'"));
  await pool.raw(rows(ACTIVE, "'active'", "interval '30 minutes'"));
  await pool.raw('vacuum analyze identity_sessions');
  await pool.raw('checkpoint');
}

/** Measures consecutive touches until a promise settles, while users sign in one after the other. */
async function latencies(
  store: AdministeredStore,
  manager: IdentitySessionManager,
  ids: readonly string[],
  until: Promise<unknown>,
): Promise<number[]> {
  let done = false;
  void until.finally(() => (done = true));
  const signIns = async () => {
    for (let count = 0; !done; count++) await manager.open(signInOf(`user-${count}`, count));
  };
  const times: number[] = [];
  const touches = async () => {
    for (let from = 0; !done; from = (from + TOUCHED_AT_ONCE) % ids.length) {
      const due = ids.slice(from, from + TOUCHED_AT_ONCE);
      const begun = performance.now();
      await store.touch(due.map((id) => ({ id, at: Date.now(), ipAddresses: [] })));
      times.push(performance.now() - begun);
      await sleep(20);
    }
  };
  await Promise.all([signIns(), touches()]);
  return times;
}
