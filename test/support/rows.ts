import type { Knex } from 'knex';

import { bucketOfOwner } from '../../migrations/001_identity_sessions';
import { usualLayout } from './server';

/** The columns of `identity_sessions` that `idOf` returns values for. */
export const idColumns = usualLayout() === 'partitioned' ? 'session_id, bucket' : 'session_id';

/**
 * Returns SQL for a new id, and for its bucket if rows have buckets. For rows that a test inserts without the package.
 * @param user SQL for the user id. The user has no tenant.
 */
export function idOf(user: string): string {
  if (usualLayout() === 'plain') return 'gen_random_uuid()';
  const bucket = `(${bucketOfOwner('null', user)})`;
  const digits = `lpad(to_hex(${bucket}), 3, '0')`;
  return `overlay(gen_random_uuid()::text placing ${digits} from 16 for 3)::uuid, ${bucket}`;
}

/** Changes a storage parameter of the table of sessions, or of its partitions. */
export async function alterSessions(knex: Knex, change: string): Promise<void> {
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    `select oid::regclass::text as name from pg_class where relname ~ '^identity_sessions(_p[0-9]+|)$' and relkind = 'r'`,
  );
  for (const { name } of rows) await knex.raw(`alter table ${name} ${change}`);
}
