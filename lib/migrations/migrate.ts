import type { Knex } from 'knex';

import { plainKnex } from '../database/knex';
import { ownKnex } from '../database/own-knex';
import { migrationConfig, type MigrateOptions } from './config';
import { explained } from './failures';
import { checkLayout } from './layout';
import { checkServerVersion, createSchema, MIGRATION_NAMES } from './migration';

/** The argument of `migrate` in an app without Knex. */
export interface MigrateConnectionOptions extends MigrateOptions {
  /** The connection of a role that may create the tables, in the form of Knex's own `connection`. */
  readonly connection: Knex.Config['connection'];
}

/**
 * Creates the tables or updates them. Any number of processes may call it at the same time: a lock serializes them, and all
 * but the first find nothing to do. An app without Knex calls `migrate({ connection })`.
 * @throws TypeError if an option is unknown, or if the Knex or the connection settings cannot be used
 * @throws Error before it changes anything, if the server is older than PostgreSQL 14
 * @throws Error if the role lacks a privilege, if the tables were created in another way, or if they have another number of
 * partitions; nothing has changed then
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
  if ((knex as Partial<Knex> | undefined)?.isTransaction) {
    throw new TypeError(
      'migrate() needs a Knex and not a transaction: in a migration file of your app, use migration() instead',
    );
  }
  const plain = plainKnex(knex);
  await checkLayout(plain, options);
  if ((await pendingIn(plain, config)).length === 0) return;
  const run = async (transaction: Knex.Transaction) => {
    await checkServerVersion(transaction);
    await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK]);
    if (options.schema !== undefined) await transaction.raw(createSchema(options.schema));
    await transaction.migrate.latest(config);
    await checkLayout(transaction, options);
  };
  await explained(() => plain.transaction(run, READ_COMMITTED));
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
  if (rows.length === 0) return [...MIGRATION_NAMES];
  const history = knex.withSchema(rows[0]!.schema).from(tableName!);
  const applied = await history.pluck<string[]>('name').catch((error: { code?: string }) => {
    if (error.code !== '42501') throw error;
    throw new Error(
      `migrate() must be allowed to read which migrations have run: grant select on "${tableName}" to this role, or call migrate() with the role that owns the tables`,
      { cause: error },
    );
  });
  return MIGRATION_NAMES.filter((name) => !applied.includes(name));
}

/** At a higher level, which may be a database's default, a process that waited would not see the finished migration. */
const READ_COMMITTED = { isolationLevel: 'read committed' } as const;

/** The number of the advisory lock. It has no meaning, but must be the same in every process. */
const LOCK = 7_201_975;
