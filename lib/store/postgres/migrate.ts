import type { Knex } from 'knex';

import * as identitySessions from '../../../migrations/001_identity_sessions';
import { plainKnex } from '../../database/knex';
import { ownKnex } from '../../database/own-knex';
import { unchecked } from '../../options/checks';
import { type OptionTable, readOptions } from '../../options/reader';

/** Options of the migrations. */
export interface MigrateOptions {
  /** The schema for the tables. `migrate` creates it if it is missing. Default: the connection's current schema. */
  readonly schema?: string | undefined;
  /** The table in which Knex records the migrations that have run. Default: `identity_session_migrations`. */
  readonly tableName?: string | undefined;
}

/** The argument of `migrate` in an app without Knex. */
export interface MigrateConnectionOptions extends MigrateOptions {
  /** The connection of a role that may create the tables, in the form of Knex's own `connection`. */
  readonly connection: Knex.Config['connection'];
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
    ...NO_HOST_SETTINGS,
    migrationSource: source(schema),
    tableName,
    ...(schema !== undefined && { schemaName: schema }),
  };
}

/** Knex merges the settings of the app's own migrations into every call. These replace them. */
const NO_HOST_SETTINGS = {
  schemaName: null,
  disableTransactions: false,
  disableMigrationsListValidation: false,
  beforeAll: undefined,
  beforeEach: undefined,
  afterEach: undefined,
  afterAll: undefined,
} as unknown as Knex.MigratorConfig;

/**
 * Creates the tables or updates them. Any number of processes may call it at the same time: a lock serializes them, and all
 * but the first find nothing to do. An app without Knex calls `migrate({ connection })`.
 * @throws TypeError if an option is unknown, or if the Knex or the connection settings cannot be used
 * @throws Error before it changes anything, if the server is older than PostgreSQL 14
 */
export function migrate(knex: Knex, options?: MigrateOptions): Promise<void>;
export function migrate(options: MigrateConnectionOptions): Promise<void>;
export async function migrate(
  database: Knex | MigrateConnectionOptions,
  options: MigrateOptions = {},
): Promise<void> {
  if (!isConnectionOptions(database)) return migrateOn(database, options);
  const { connection, ...others } = database;
  const own = ownKnex(connection);
  try {
    await migrateOn(own, { ...others, ...options });
  } finally {
    await own.destroy();
  }
}

function isConnectionOptions(
  database: Knex | MigrateConnectionOptions,
): database is MigrateConnectionOptions {
  return typeof database === 'object' && database !== null && 'connection' in database;
}

async function migrateOn(knex: Knex, options: MigrateOptions): Promise<void> {
  const config = migrationConfig(options);
  const plain = plainKnex(knex);
  if ((await pendingIn(plain, config)).length === 0) return;
  await plain.transaction(async (transaction) => {
    await checkServerVersion(transaction);
    await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK]);
    if (options.schema !== undefined) await createSchema(transaction, options.schema);
    await transaction.migrate.latest(config);
  }, READ_COMMITTED);
}

/** Runs all migrations in a schema without recording them. */
export async function createTables(transaction: Knex.Transaction, schema: string): Promise<void> {
  for (const migration of Object.values(migrations)) await migration.up(transaction, schema);
}

/** Returns the names of the migrations that have not run yet. Changes nothing. */
export function pendingMigrations(knex: Knex, options: MigrateOptions = {}): Promise<string[]> {
  return pendingIn(plainKnex(knex), migrationConfig(options));
}

/** Only reads, so that an app whose role may not write the history can call `migrate` at each start. */
async function pendingIn(knex: Knex, { tableName, schemaName }: Knex.MigratorConfig): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { schema: string }[] }>(
    `select nspname as schema from pg_class join pg_namespace n on n.oid = relnamespace
    where relname = ? and nspname = coalesce(?, current_schema())`,
    [tableName!, schemaName ?? null],
  );
  if (rows.length === 0) return Object.keys(migrations);
  const history = knex.withSchema(rows[0]!.schema).from(tableName!);
  const applied = await history.pluck<string[]>('name').catch((error: { code?: string }) => {
    if (error.code !== '42501') throw error;
    throw new Error(
      `migrate() must be allowed to read which migrations have run: grant select on "${tableName}" to this role, or call migrate() with the role that owns the tables`,
      { cause: error },
    );
  });
  return Object.keys(migrations).filter((name) => !applied.includes(name));
}

/** The oldest supported major version of PostgreSQL. Migration 001 and the search use `date_bin`, which is new in 14. */
export const OLDEST_POSTGRESQL = 14;

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
