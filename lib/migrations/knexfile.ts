import type { Knex } from 'knex';

import { migrationConfig, type MigrateOptions } from './config';
import { explained } from './failures';
import { createSchema } from './migration';

/**
 * Returns a configuration for a `knexfile`, with which Knex's command line runs the migrations of this package. It replaces
 * the app's own migrations in the given configuration. If the schema is missing, it is created when Knex connects.
 * @param config The configuration of one environment, with `client` and `connection`.
 * @throws TypeError if it has no `client`, or if an option is unknown or invalid
 */
export function migrationKnexfile(
  config: Omit<Knex.Config, 'connection'> & { connection?: Knex.Config['connection'] | undefined },
  options: MigrateOptions = {},
): Knex.Config {
  if (!(config as Partial<Knex.Config> | null | undefined)?.client) {
    throw new TypeError(
      'migrationKnexfile() needs the configuration of one environment: `{ client: "pg", connection: … }`',
    );
  }
  const { connection, ...others } = config;
  const { schema } = options;
  return {
    ...others,
    ...(!('connectionPool' in config) && { connection: connection || noConnection }),
    ...(schema !== undefined && { pool: creatingSchema(schema, config.pool) }),
    migrations: migrationConfig(options),
  };
}

/** Fails when Knex connects and not before, because other environments of the knexfile must stay usable. */
function noConnection(): never {
  throw new Error(
    'The configuration for migrationKnexfile() has no `connection`: set it, or the environment variable that it comes from',
  );
}

type Done = (error: unknown, connection: RawConnection) => void;

interface RawConnection {
  query(statement: string): Promise<unknown>;
  end(): Promise<void>;
}

/** Knex creates its history in the schema before it runs a migration or a hook, so every connection looks for the schema. */
function creatingSchema(schema: string, pool: Knex.PoolConfig = {}): Knex.PoolConfig {
  const { afterCreate = (connection: RawConnection, done: Done) => done(null, connection) } = pool as {
    afterCreate?: (connection: RawConnection, done: Done) => void;
  };
  return {
    ...pool,
    afterCreate: (connection: RawConnection, done: Done) => {
      afterCreate(connection, (error) => {
        if (error) return done(error, connection);
        explained(() => connection.query(createSchema(schema))).then(
          () => done(null, connection),
          (failure: unknown) => {
            const fail = () => done(failure, connection);
            // Knex does not close a connection that could not be set up.
            return connection.end().then(fail, fail);
          },
        );
      });
    },
  };
}
