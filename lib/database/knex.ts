import type { Knex } from 'knex';

import { checkConnection } from './connection-settings';
import { installedVersion } from './own-knex';
import type { Connection, ConnectionSource } from './statement-runner';

/** The supported versions of Knex, as in `peerDependencies`. */
const KNEX_VERSIONS = '^3.1.0';

/**
 * The members of Knex's client that lend and open connections. They are not part of Knex's documented interface, so they are
 * checked at the start and `docs/knex.md` lists them. Knex's own query path is not used, because it has no reliable timeout
 * and does not keep statements prepared.
 */
interface KnexClient {
  readonly dialect: string;
  readonly config: { readonly pool?: object; readonly connectionPool?: unknown };
  acquireConnection(): Promise<RawConnection>;
  releaseConnection(connection: Connection): Promise<void>;
  getPoolSettings(pool: object): ConnectionMaker;
}

/**
 * Returns the client of a Knex on PostgreSQL.
 * @throws TypeError if `knex` is not a Knex on PostgreSQL
 * @throws TypeError if `knex` is a transaction: it could be rolled back, and it may not see the commits of others
 * @throws TypeError if the version of Knex lacks a member that this package uses
 */
function clientOf(knex: Knex): KnexClient {
  const client = (knex as Partial<Knex> | undefined)?.client as KnexClient | undefined;
  if (client?.dialect !== 'postgresql') {
    throw new TypeError('`knex` must be a Knex on PostgreSQL: `knex({ client: "pg", connection: ... })`');
  }
  if (knex.isTransaction) {
    throw new TypeError('`knex` is a transaction: pass the Knex on which it was started');
  }
  requireMembers(knex, { withUserParams: 'function' });
  requireMembers(client, {
    config: 'object',
    acquireConnection: 'function',
    releaseConnection: 'function',
    getPoolSettings: 'function',
  });
  return client;
}

/** @throws TypeError that names the missing members, the installed version of Knex and the supported versions */
function requireMembers(owner: object, types: Readonly<Record<string, 'function' | 'object'>>): void {
  const missing = Object.keys(types).filter(
    (name) => typeof (owner as Record<string, unknown>)[name] !== types[name],
  );
  if (missing.length === 0) return;
  throw new TypeError(
    `\`knex\` has no ${missing.map((name) => `\`${name}\``).join(', ')}, which this package uses. ` +
      `It supports Knex ${KNEX_VERSIONS}, and the installed version is ${installedVersion()}: install a supported version`,
  );
}

/** Lends connections of the app's pool. This package never closes that pool. */
export function appConnections(knex: Knex): ConnectionSource {
  const client = clientOf(knex);
  return {
    acquire: async () => {
      const connection = await client.acquireConnection();
      // Pools other than Knex's remove their 'error' listener from a borrowed connection. Without one, an error ends the process.
      connection.on('error', ignore);
      return connection;
    },
    release: (connection) => {
      void client.releaseConnection(connection);
      (connection as RawConnection).off('error', ignore);
    },
  };
}

/** The borrower of a broken connection gets the error from its statement. */
const ignore = (): void => undefined;

/**
 * Returns a Knex on the app's pool with a configuration of its own, without the app's mappers and migration settings.
 * Knex's migrator switches the mappers of the Knex that it runs on off, and does not switch them on again.
 */
export function plainKnex(knex: Knex): Knex {
  clientOf(knex);
  const plain = knex.withUserParams({});
  const { config } = plain.client as { config: Knex.Config };
  delete config.wrapIdentifier;
  delete config.postProcessResponse;
  delete config.migrations;
  return plain;
}

/** Opens and closes connections outside a pool. */
export interface ConnectionMaker {
  create(): Promise<RawConnection>;
  destroy(connection: RawConnection): Promise<void>;
}

/** The members of a `pg` client that this package uses, in addition to `query`. */
export interface RawConnection extends Connection {
  on(event: 'notification', listener: (notification: { readonly channel: string }) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
  /** Lets the process exit while the connection is open. */
  unref?(): void;
}

/**
 * Returns a maker of connections with the settings of the app's pool, including its `afterCreate`.
 * Returns `undefined` if `connection` is not given and the pool is not Knex's own, because its settings are then unknown.
 * @param connection Other connection settings than those of the app's Knex: the option `changesConnection`.
 * @throws TypeError if the connection settings are invalid
 */
export function connectionMaker(
  knex: Knex,
  connection?: Knex.Config['connection'],
): ConnectionMaker | undefined {
  const client = clientOf(knex);
  if (connection !== undefined) {
    checkConnection('changesConnection', connection);
    return makerOf(clientTo(connection, client));
  }
  return client.config.connectionPool === undefined ? makerOf(client) : undefined;
}

function makerOf(client: KnexClient): ConnectionMaker {
  const maker = client.getPoolSettings({ ...client.config.pool, min: 0, max: 1 });
  requireMembers(maker, { create: 'function', destroy: 'function' });
  return maker;
}

/** Returns a client of the same kind with other connection settings. `max: 0` tells Knex to create no pool. */
function clientTo(connection: Knex.Config['connection'], { config, constructor }: KnexClient): KnexClient {
  const Client = constructor as new (config: object) => KnexClient;
  return new Client({ ...config, connection, connectionPool: undefined, pool: { max: 0 } });
}
