import type { Knex } from 'knex';

/** The place and the layout of the table of sessions. */
export interface SessionsTable {
  readonly schema: string;
  /** 0 if it is one table. */
  readonly partitions: number;
}

/** Returns the table of sessions in a schema, or by default in the search path. Returns undefined if it does not exist. */
export async function sessionsTable(
  knex: Knex,
  schema: string | undefined,
): Promise<SessionsTable | undefined> {
  const { rows } = await knex.raw<{ rows: SessionsTable[] }>(
    `select nspname as schema, case when relkind = 'p' then
      (select count(*)::int from pg_inherits where inhparent = c.oid) else 0 end as partitions
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where c.oid = to_regclass(coalesce(quote_ident(?) || '.', '') || 'identity_sessions')`,
    [schema ?? null],
  );
  return rows[0];
}

/** @throws Error if the table of sessions exists and has another layout than the one that the app wants */
export async function checkLayout(
  knex: Knex,
  { schema, partitions }: { readonly schema?: string | undefined; readonly partitions?: number | undefined },
): Promise<void> {
  if (partitions === undefined) return;
  const table = await sessionsTable(knex, schema);
  if (table === undefined || table.partitions === partitions) return;
  if (table.partitions > 0) {
    throw new Error(
      `\`partitions\` is ${partitions}, but the table identity_sessions has ${table.partitions} partitions, and migrate() does not change their number: pass ${table.partitions}`,
    );
  }
  throw new Error(
    `\`partitions\` is ${partitions}, but the table identity_sessions exists without partitions, and migrate() does not move its sessions: run \`npx express-identity-sessions partition --partitions ${partitions}\`, which signs nobody out`,
  );
}
