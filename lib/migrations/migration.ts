import type { Knex } from 'knex';

import * as identitySessions from '../../migrations/001_identity_sessions';
import { count, schemaName } from '../options/checks';
import { BUCKETS } from '../session/bucket';
import { type OptionTable, readOptions } from '../options/reader';
import { explained } from './failures';

/** The name of a migration of this package. A released name never changes. */
export type MigrationName = '001_identity_sessions';

/** All migrations by name, in the order in which they run. */
const MIGRATIONS: Readonly<Record<MigrationName, SchemaMigration>> = {
  '001_identity_sessions': identitySessions,
};

interface SchemaMigration {
  readonly up: (knex: Knex, schema?: string, layout?: identitySessions.Layout) => Promise<void>;
  readonly down: (knex: Knex, schema?: string) => Promise<void>;
}

/** The names of all migrations, in the order in which they run. */
export const MIGRATION_NAMES = Object.keys(MIGRATIONS) as readonly MigrationName[];

/** Options of a migration. */
export interface MigrationOptions {
  /** The schema for the tables. It is created if it is missing. Default: the connection's current schema. */
  readonly schema?: string | undefined;
  /** The number of partitions of the table of sessions, from 1 to 4096. Default: one table without partitions. */
  readonly partitions?: number | undefined;
}

export const MIGRATION_OPTIONS = {
  schema: { check: schemaName },
  partitions: { check: count(1, BUCKETS) },
} satisfies OptionTable<MigrationOptions>;

/** A migration in the form that Knex expects of a migration file. */
export interface Migration {
  /** Creates the tables and, if it is missing, the schema. */
  up(knex: Knex): Promise<void>;
  /** Drops the tables with all sessions. Keeps the schema. */
  down(knex: Knex): Promise<void>;
}

/**
 * Returns a migration of this package for a migration file of your app. The file states the name, so that a later version of
 * the package does not change an earlier file.
 * @throws TypeError if there is no migration with this name, or if an option is unknown or invalid
 */
export function migration(name: MigrationName, options: MigrationOptions = {}): Migration {
  const { schema, partitions } = readOptions(options, MIGRATION_OPTIONS, {
    heading: 'The migration cannot run',
  });
  if (!MIGRATION_NAMES.includes(name)) {
    const names = MIGRATION_NAMES.join(', ');
    throw new TypeError(
      `express-identity-sessions has no migration ${JSON.stringify(name)}: it has ${names}`,
    );
  }
  const { up, down } = MIGRATIONS[name];
  return {
    up: (knex) =>
      explained(async () => {
        await checkServerVersion(knex);
        if (schema !== undefined) await knex.raw(createSchema(schema));
        await up(knex, schema, { partitions });
      }),
    down: (knex) => explained(() => down(knex, schema)),
  };
}

/** Runs all migrations in a schema without recording them. */
export async function createTables(
  transaction: Knex.Transaction,
  schema: string,
  layout: identitySessions.Layout,
): Promise<void> {
  for (const { up } of Object.values(MIGRATIONS)) await up(transaction, schema, layout);
}

/**
 * Returns a statement that creates a schema if it is missing. It looks first, because `create schema if not exists` requires
 * the CREATE privilege even if the schema exists. Another process may create the schema at the same time.
 */
export function createSchema(schema: string): string {
  const block = `begin
      if not exists (select from pg_namespace where nspname = ${quoted(schema, "'")}) then
        create schema ${quoted(schema, '"')};
      end if;
    exception when duplicate_schema or unique_violation then null;
    end`;
  return `do ${quoted(block, "'")}`;
}

/** A backslash has no special meaning, because `standard_conforming_strings` is on by default. */
function quoted(text: string, quote: '"' | "'"): string {
  return `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
}

/** The oldest supported major version of PostgreSQL. Migration 001 and the search use `date_bin`, which is new in 14. */
export const OLDEST_POSTGRESQL = 14;

/** @throws Error if the server is older than the oldest supported version */
export async function checkServerVersion(knex: Knex): Promise<void> {
  const result = await knex.raw<ServerVersion[] | { rows: ServerVersion[] }>(
    "select current_setting('server_version_num') as number, current_setting('server_version') as version",
  );
  // Mappers of the app may have unwrapped the rows.
  const { number, version } = (Array.isArray(result) ? result : result.rows)[0]!;
  if (Number(number) >= OLDEST_POSTGRESQL * 10_000) return;
  throw new Error(
    `express-identity-sessions needs PostgreSQL ${OLDEST_POSTGRESQL} or later, but this server runs PostgreSQL ${version}: upgrade the server`,
  );
}

interface ServerVersion {
  readonly number: string;
  readonly version: string;
}
