import type { Knex } from 'knex';

import * as identitySessions from '../../../migrations/001_identity_sessions';
import { type Names, checkOptionNames } from '../../options/reader';

/** Where the tables are. */
export interface MigrateOptions {
  /** The schema for the tables, which `migrate` makes when it is missing; the connection's current schema when absent. */
  readonly schema?: string | undefined;
  /** Where Knex notes which migrations have run; `identity_session_migrations` when absent. */
  readonly tableName?: string | undefined;
}

/** The names, so that a misspelt one is noticed: the tables would be made where nobody wanted them. */
const OPTIONS: Names<MigrateOptions> = { schema: true, tableName: true };

/** Apart from the app's own `knex_migrations`: each side would miss the files of the other there. */
const TABLE_NAME = 'identity_session_migrations';

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
  checkOptionNames(options, OPTIONS, 'The migrations cannot run');
  const { schema, tableName = TABLE_NAME } = options;
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
 */
export async function migrate(knex: Knex, options: MigrateOptions = {}): Promise<void> {
  const config = migrationConfig(options);
  await knex.transaction(async (transaction) => {
    await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK]);
    if (options.schema !== undefined) await makeSchema(transaction, options.schema);
    await transaction.migrate.latest(config);
  }, TAKING_TURNS);
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
        up: (knex) => migration.up(knex, schema),
        down: (knex) => migration.down(knex, schema),
      });
    },
  };
}
