import type { Knex } from 'knex';

import * as identitySessions from '../../../migrations/001_identity_sessions';
import { unchecked } from '../../options/checks';
import { type OptionTable, readOptions } from '../../options/reader';

/** Where the tables are. */
export interface MigrateOptions {
  /** The schema for the tables, which `migrate` makes when it is missing; the connection's current schema when absent. */
  readonly schema?: string | undefined;
  /** Where Knex notes which migrations have run; `identity_session_migrations` when absent. */
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

/** Every migration under the name that it keeps for ever, in the order in which they run. */
const migrations: Readonly<Record<string, Migration>> = {
  '001_identity_sessions': identitySessions,
};

/**
 * Knex's configuration for the migrations of this package, as `knex.migrate` and a `knexfile` take it.
 * @throws TypeError for options that there are not
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
 * Brings the tables up to date. Safe when many processes start at once: they take turns, and all but the first find
 * nothing to do.
 * @throws TypeError for options that there are not
 * @throws Error before it changes anything, if the server is older than PostgreSQL 14
 */
export async function migrate(knex: Knex, options: MigrateOptions = {}): Promise<void> {
  const config = migrationConfig(options);
  await knex.transaction(async (transaction) => {
    await checkServerVersion(transaction);
    await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK]);
    if (options.schema !== undefined) await makeSchema(transaction, options.schema);
    await transaction.migrate.latest(config);
  }, TAKING_TURNS);
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

/** Looks first: `create schema if not exists` needs the right to create schemas, also where there is one already. */
async function makeSchema(transaction: Knex.Transaction, schema: string): Promise<void> {
  const existing: unknown = await transaction('pg_namespace').where({ nspname: schema }).first('oid');
  if (existing === undefined) await transaction.raw('create schema ??', [schema]);
}

/** At a higher level, which a database may have as its default, whoever waited would not see what was done meanwhile. */
const TAKING_TURNS = { isolationLevel: 'read committed' } as const;

/** Any number, the same in every process. */
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
