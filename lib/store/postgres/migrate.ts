import type { Knex } from 'knex';

import * as identitySessions from '../../../migrations/001_identity_sessions';
import { unchecked } from '../../options/checks';
import { type OptionTable, readOptions } from '../../options/reader';

/** Options of the migrations. */
export interface MigrateOptions {
  /** The schema for the tables. `migrate` creates it if it is missing. Default: the connection's current schema. */
  readonly schema?: string | undefined;
  /** The table in which Knex records the migrations that have run. Default: `identity_session_migrations`. */
  readonly tableName?: string | undefined;
}

const OPTIONS = {
  schema: { check: unchecked<string>() },
  // Not the app's own `knex_migrations`: Knex reports the migrations of other sources in its table as missing.
  tableName: { default: 'identity_session_migrations', check: unchecked<string>() },
} satisfies OptionTable<MigrateOptions>;

interface Migration {
  up(knex: Knex, schema?: string): Promise<void>;
  down(knex: Knex, schema?: string): Promise<void>;
}

/** All migrations by name, in the order in which they run. A released name never changes. */
const migrations: Readonly<Record<string, Migration>> = {
  '001_identity_sessions': identitySessions,
};

/**
 * Returns Knex's configuration for the migrations of this package, for `knex.migrate` or a `knexfile`.
 * @throws TypeError if an option is unknown
 */
export function migrationConfig(options: MigrateOptions = {}): Knex.MigratorConfig {
  const { schema, tableName } = readOptions(options, OPTIONS, { heading: 'The migrations cannot run' });
  return {
    migrationSource: source(schema),
    tableName,
    ...(schema !== undefined && { schemaName: schema }),
  };
}

/**
 * Creates the tables or updates them. Any number of processes may call it at the same time: a lock serializes them, and all
 * but the first find nothing to do.
 * @throws TypeError if an option is unknown
 * @throws Error before it changes anything, if the server is older than PostgreSQL 14
 */
export async function migrate(knex: Knex, options: MigrateOptions = {}): Promise<void> {
  const config = migrationConfig(options);
  await knex.transaction(async (transaction) => {
    await checkServerVersion(transaction);
    await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK]);
    if (options.schema !== undefined) await createSchema(transaction, options.schema);
    await transaction.migrate.latest(config);
  }, READ_COMMITTED);
}

/** The oldest supported major version of PostgreSQL. Migration 001 and the search use `date_bin`, which is new in 14. */
const OLDEST_POSTGRESQL = 14;

/** @throws Error if the server is older than the oldest supported version */
async function checkServerVersion(knex: Knex): Promise<void> {
  const { rows } = await knex.raw<{ rows: { number: string; version: string }[] }>(
    "select current_setting('server_version_num') as number, current_setting('server_version') as version",
  );
  const { number, version } = rows[0]!;
  if (Number(number) >= OLDEST_POSTGRESQL * 10_000) return;
  throw new Error(
    `express-identity-sessions needs PostgreSQL ${OLDEST_POSTGRESQL} or later, but this server runs PostgreSQL ${version}: upgrade the server`,
  );
}

/** Checks first, because `create schema if not exists` requires the CREATE privilege even if the schema exists. */
async function createSchema(transaction: Knex.Transaction, schema: string): Promise<void> {
  const existing: unknown = await transaction('pg_namespace').where({ nspname: schema }).first('oid');
  if (existing === undefined) await transaction.raw('create schema ??', [schema]);
}

/** At a higher level, which may be a database's default, a process that waited would not see the finished migration. */
const READ_COMMITTED = { isolationLevel: 'read committed' } as const;

/** The number of the advisory lock. It has no meaning, but must be the same in every process. */
const LOCK = 7_201_975;

function source(schema: string | undefined): Knex.MigrationSource<string> {
  return {
    getMigrations: () => Promise.resolve(Object.keys(migrations)),
    getMigrationName: (name) => name,
    getMigration: (name) => {
      const migration = migrations[name]!;
      return Promise.resolve({
        up: async (knex) => {
          // Apps that run the migrations through Knex do not call migrate().
          await checkServerVersion(knex);
          await migration.up(knex, schema);
        },
        down: (knex) => migration.down(knex, schema),
      });
    },
  };
}
