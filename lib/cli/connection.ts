import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

import type { Knex } from 'knex';

import { ownKnex } from '../database/own-knex';
import type { Terminal } from './terminal';

/** The options that select the database. */
export interface ConnectionOptions {
  readonly knexfile?: string;
  readonly env?: string;
  readonly schema?: string;
}

/**
 * Opens the database that the arguments or `DATABASE_URL` name. The caller must destroy the result.
 * @throws Error that says what to write, without the password
 */
export async function openDatabase({ knexfile, env }: ConnectionOptions, terminal: Terminal): Promise<Knex> {
  if (knexfile !== undefined)
    return ownKnex(await connectionIn(knexfile, env || terminal.env['NODE_ENV'] || undefined));
  const url = terminal.env['DATABASE_URL'];
  if (!url) {
    throw new Error(
      'No database is named: set DATABASE_URL, or pass --knexfile with the path of your knexfile',
    );
  }
  return ownKnex(url);
}

type Connection = Knex.Config['connection'];

/** Returns the connection settings of a knexfile, which can have one configuration, or one for each environment. */
async function connectionIn(path: string, environment = 'development'): Promise<Connection> {
  const config = await configurationIn(path);
  const selected = (config['connection'] === undefined ? config[environment] : config) as
    Knex.Config | undefined;
  if (selected?.connection !== undefined) return selected.connection;
  throw new Error(
    `${path} has no \`connection\`, also not under "${environment}": select another environment with --env or NODE_ENV`,
  );
}

async function configurationIn(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path))
    throw new Error(`${path} does not exist: pass --knexfile with the path of your knexfile`);
  try {
    const load = createRequire(resolve('package.json'));
    let loaded = load(resolve(path)) as { readonly default?: unknown };
    // An ES module has a default, and a module that was compiled to CommonJS can have one in its default.
    for (let depth = 0; depth < 2 && loaded.default !== undefined; depth++) {
      loaded = loaded.default as typeof loaded;
    }
    const config = typeof loaded === 'function' ? await (loaded as () => unknown)() : loaded;
    return config as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${path} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
}
