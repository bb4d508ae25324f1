import type { Knex, knex as create } from 'knex';

import { checkConnection } from './connection-settings';

/** Connections that are idle for 30 seconds, which is Knex's default, are closed. */
const POOL = { min: 0, max: 10 };

/**
 * Creates a Knex for an app that does not use Knex itself. It opens no connection before it is used. The caller must destroy
 * it.
 * @throws TypeError if the connection settings are invalid
 */
export function ownKnex(connection: Knex.Config['connection']): Knex {
  checkConnection('connection', connection);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only for apps that do not pass their Knex
  const { knex } = require('knex') as { readonly knex: typeof create };
  return knex({ client: 'pg', connection: connection!, pool: POOL, log: SILENT });
}

/** Knex logs each failed attempt to connect. The caller gets the same errors. */
const ignore = (): void => undefined;
const SILENT: Knex.Logger = { warn: ignore, error: ignore, deprecate: ignore, debug: ignore };

/** Returns the version of Knex in node_modules, for error messages. */
export function installedVersion(): string {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only for an error message
    return (require('knex/package.json') as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
