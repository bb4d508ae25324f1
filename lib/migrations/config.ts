import { join } from 'node:path';

import type { Knex } from 'knex';

import { text } from '../options/checks';
import { type OptionTable, readOptions } from '../options/reader';
import {
  migration,
  MIGRATION_NAMES,
  MIGRATION_OPTIONS,
  type MigrationName,
  type MigrationOptions,
} from './migration';

/** Options of all migrations together. */
export interface MigrateOptions extends MigrationOptions {
  /** The table in which Knex records the migrations that have run. Default: `identity_session_migrations`. */
  readonly tableName?: string | undefined;
}

const OPTIONS = {
  ...MIGRATION_OPTIONS,
  // Not the app's own `knex_migrations`: Knex reports the migrations of other sources in its table as missing.
  tableName: { default: 'identity_session_migrations', check: text(/^[^.?\0]+$/, 'the name of a table') },
} satisfies OptionTable<MigrateOptions>;

/**
 * Returns Knex's configuration for the migrations of this package, for the methods of `knex.migrate`. A schema must exist.
 * @throws TypeError if an option is unknown or invalid
 */
export function migrationConfig(options: MigrateOptions = {}): Knex.MigratorConfig {
  const { schema, partitions, tableName } = readOptions(options, OPTIONS, {
    heading: 'The migrations cannot run',
  });
  return {
    ...NO_HOST_SETTINGS,
    migrationSource: source({ schema, partitions }),
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

/** Knex's command line prints the field `file` of migrations that have not run. */
interface Listed {
  readonly file: MigrationName;
}

function source(options: MigrationOptions): Knex.MigrationSource<Listed> {
  return {
    getMigrations: () => Promise.resolve(MIGRATION_NAMES.map((file) => ({ file }))),
    getMigrationName: ({ file }) => file,
    getMigration: ({ file }) => Promise.resolve(migration(file, options)),
  };
}

/** The folder of the migrations, for `directory` in the configuration of the app's own migrations. */
export const migrationDirectory = join(__dirname, '../../migrations');
