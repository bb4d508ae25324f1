import { appConnections } from '../../lib/database/knex';
import { StatementRunner } from '../../lib/database/statement-runner';
import { postgres } from '../../lib/store/postgres/postgres';
import { shuffled } from '../statistics';
import type { FilledTable } from './filled-table';

const BATCH = 500;
const BATCHES = 100;
const ACTIVE = 20_000;

/** Returns the share of touches that change no index, after each session was touched once on this day. */
export async function measureHotUpdates(table: FilledTable): Promise<number> {
  const active = (await table.sample(ACTIVE)).map(({ sessionId }) => sessionId);
  const store = postgres(new StatementRunner(appConnections(table.pool), { budget: 60_000 }));
  const touch = (ids: readonly string[]) =>
    store.touch(ids.map((id) => ({ id, at: Date.now(), ipAddresses: [] })));

  for (let from = 0; from < active.length; from += BATCH) await touch(active.slice(from, from + BATCH));
  const before = await updates(table);
  for (let batch = 0; batch < BATCHES; batch++) await touch(shuffled(active).slice(0, BATCH));
  const after = await updates(table);
  return (after.hot - before.hot) / (after.all - before.all);
}

/** Reads the server's statistics. Backends publish theirs only after some idle time, or when they exit. */
async function updates({ pool }: FilledTable): Promise<{ all: number; hot: number }> {
  await pool.raw('select pg_sleep(11)');
  const { rows } = await pool.raw<{ rows: { all: string; hot: string }[] }>(
    `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables where relname = 'identity_sessions'`,
  );
  return { all: Number(rows[0]!.all), hot: Number(rows[0]!.hot) };
}
