import { costOf } from './cost';
import type { Database } from './database';
import { FilledTable } from './rows/filled-table';
import { shuffled, timed } from './statistics';
import { appConnections } from '../lib/database/knex';
import { StatementRunner } from '../lib/database/statement-runner';
import { postgres } from '../lib/store/postgres/postgres';

/** The cost of writing the last use of a session. */
export interface TouchCost {
  readonly name: string;
  /** The write-ahead log without full pages, in bytes for each session. */
  readonly wal: number;
  /** The time in microseconds for each session. */
  readonly time: number;
}

const BATCH = 500;
const BATCHES = 40;
const SESSIONS = 20_000;

/** Compares a written touch with an update of the same rows that does nothing else, and with one that locks them first. */
export async function measureTouchCost(database: Database): Promise<TouchCost[]> {
  const table = await FilledTable.of(SESSIONS, database);
  try {
    const ids = (await table.sample(SESSIONS)).map(({ sessionId }) => sessionId);
    const store = postgres(new StatementRunner(appConnections(table.pool), { budget: 60_000 }));
    const run = (sql: string) => async (batch: readonly string[]) =>
      void (await table.pool.raw(sql, [Date.now() / 1000, [...batch]]));
    const writes: Record<string, (batch: readonly string[]) => Promise<void>> = {
      'a bare update of last_accessed': run(BARE),
      'the same after locking the rows': run(LOCKED),
      'a written touch': async (batch) =>
        void (await store.touch(batch.map((id) => ({ id, at: Date.now(), ipAddresses: [] })))),
    };
    // The first touch of a day changes an index, and the first updates fill pages.
    for (const write of Object.values(writes)) await inBatches(ids, write);
    const costs: TouchCost[] = [];
    for (const [name, write] of Object.entries(writes)) {
      let time = 0;
      const cost = await costOf(database, table.url, async () => {
        time = await timed(() => inBatches(ids, write));
      });
      const written = BATCH * BATCHES;
      if (cost !== undefined) costs.push({ name, wal: cost.wal / written, time: (time * 1000) / written });
    }
    return costs;
  } finally {
    await table.close();
  }
}

const BARE = `update identity_sessions set last_accessed = to_timestamp(?) where session_id = any(?::uuid[])`;

const LOCKED = `
  with given as (select to_timestamp(?) as at), locked as (
    select session_id from identity_sessions where session_id = any(?::uuid[])
    order by session_id for no key update skip locked
  )
  update identity_sessions s set last_accessed = given.at from locked, given where s.session_id = locked.session_id`;

async function inBatches(
  ids: readonly string[],
  write: (batch: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) await write(shuffled(ids).slice(0, BATCH));
}
