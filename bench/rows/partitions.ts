import type { Database } from '../database';
import { signInOf } from '../people';
import { progress } from '../report';
import { percentile, timed } from '../statistics';
import { FilledTable } from './filled-table';
import { CALLS, timeCalls, type CallTime } from './one-user';

/** The number of partitions that are measured. */
const PARTITIONS = 64;

const FEW = 10_000;

/** The number of rows that cleanup deletes. */
const CLEANED = 20_000;

/** The figures of the package with many sessions in partitions. */
export interface PartitionFigures {
  readonly rows: number;
  readonly calls: readonly CallTime[];
  /** The cleanup of some sessions among all. */
  readonly cleanup: {
    readonly rowsPerSecond: number;
    /** The p99 of sign-ins meanwhile, in milliseconds. */
    readonly signIn: number;
  };
  /** The size of a row with all indexes, in bytes. */
  readonly bytes: number;
}

/** Measures calls of users and the cleanup in a large partitioned table, and the same calls in a small one. */
export async function measurePartitions(database: Database, rows: number): Promise<PartitionFigures> {
  const few = await FilledTable.of(FEW, database, { partitions: PARTITIONS });
  const many = await FilledTable.of(rows, database, { partitions: PARTITIONS });
  try {
    progress('calls of users');
    const calls = await timeCalls(many, few, {
      ...CALLS,
      'sign-in': (manager, { userId, tenantId }) => manager.open({ ...signInOf(userId, 0), tenantId }),
    });
    progress('cleanup');
    return { rows, calls, cleanup: await timeCleanup(many), bytes: await bytesOf(many) };
  } finally {
    await many.close();
    await few.close();
  }
}

async function timeCleanup(table: FilledTable): Promise<PartitionFigures['cleanup']> {
  const { pool } = table;
  await pool.transaction(async (transaction) => {
    await transaction.raw('set local session_replication_role = replica');
    await transaction.raw(
      `update identity_sessions set ended_at = now() - interval '400 days', end_reason = 'revoked'
      where (session_id, bucket) in (select session_id, bucket from identity_sessions where ended_at is null limit ${CLEANED})`,
    );
  });
  const manager = await table.runningManager();
  const signIns: number[] = [];
  let done = false;
  const begun = performance.now();
  const cleaning = manager.runCleanup().finally(() => (done = true));
  for (let i = 0; !done; i++) signIns.push(await timed(() => manager.open(signInOf(`user-${i}`, i))));
  const { deleted } = (await cleaning)!;
  if (deleted < CLEANED) throw new Error(`Only ${deleted} of ${CLEANED} sessions were deleted`);
  const rowsPerSecond = (deleted * 1000) / (performance.now() - begun);
  return { rowsPerSecond, signIn: percentile(signIns, 99) };
}

async function bytesOf({ pool, rows }: FilledTable): Promise<number> {
  const { rows: sizes } = await pool.raw<{ rows: [{ size: string }] }>(
    `select sum(pg_total_relation_size(relid)) as size from pg_partition_tree('identity_sessions')`,
  );
  return Number(sizes[0].size) / rows;
}
