import type { Knex } from 'knex';

import { inSchema } from '../database/statement-runner';
import { notEnded } from '../store/postgres/epochs';
import { tablesIn, type Tables } from '../store/postgres/tables';
import { EXIT, type Terminal } from './terminal';

/** The state of an installation. */
interface Status {
  readonly live: number;
  readonly users: number;
  readonly ended: number;
  readonly megabytes: number;
  /** The entries of the change log of the last hour. */
  readonly changes: number;
  readonly cleanup: string | null;
}

/** `status`: prints the numbers of sessions, and when cleanup last finished. */
export async function status(
  { knex, schema }: { readonly knex: Knex; readonly schema: string },
  { json }: { readonly json?: boolean },
  { print }: Terminal,
): Promise<number> {
  const sessions = inSchema('identity_sessions', schema);
  const { rows } = await knex.raw<{ rows: [Status] }>(statement(tablesIn(schema)), { schema, sessions });
  const [found] = rows;
  if (json) print(JSON.stringify(found, null, 2));
  else
    for (const [name, label] of Object.entries(LABELS))
      print(`${label}: ${found[name as keyof Status] ?? 'never'}`);
  return EXIT.ok;
}

const LABELS: Readonly<Record<keyof Status, string>> = {
  live: 'sessions that have not ended',
  users: 'users with such a session',
  ended: 'ended sessions, until cleanup deletes them',
  megabytes: 'megabytes of sessions and their indexes',
  changes: 'entries of the change log',
  cleanup: 'last complete cleanup (UTC)',
};

function statement(tables: Tables): string {
  const live = notEnded(tables);
  return `
    select
      count(*) filter (where ${live})::int as live,
      (count(distinct (user_id, tenant_id)) filter (where ${live}))::int as users,
      count(*) filter (where not ${live})::int as ended,
      -- A table without partitions has no tree.
      round(coalesce((select sum(pg_total_relation_size(relid)) from pg_partition_tree(:sessions)),
        pg_total_relation_size(:sessions)) / 1e6)::int as megabytes,
      (select count(*)::int from :schema:.identity_session_changes) as changes,
      (select to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') from :schema:.identity_session_cleanup
        where finished_at > '-infinity') as cleanup
    from ${tables.sessions} s`;
}
