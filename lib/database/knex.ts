import type { Knex } from 'knex';

import type { Connection, ConnectionSource } from './statement-runner';

/**
 * The part of Knex's client that lends and makes connections. Knex's own query path is not used: it can neither be given
 * a time limit that holds, nor keep statements prepared.
 */
interface KnexClient {
  readonly dialect: string;
  readonly config: { readonly pool?: object; readonly connectionPool?: unknown };
  acquireConnection(): Promise<RawConnection>;
  releaseConnection(connection: Connection): Promise<void>;
  getPoolSettings(pool: object): ConnectionMaker;
}

/**
 * The client of a Knex on PostgreSQL.
 * @throws TypeError when it is something else, or a transaction: what is written in it could still be undone, and reads
 * in it would not see what others commit
 */
function clientOf(knex: Knex): KnexClient {
  const client = (knex as Partial<Knex> | undefined)?.client as KnexClient | undefined;
  if (client?.dialect !== 'postgresql') {
    throw new TypeError('`knex` must be a Knex on PostgreSQL: `knex({ client: "pg", connection: ... })`');
  }
  if (knex.isTransaction) {
    throw new TypeError('`knex` is a transaction: give the Knex that it was begun on');
  }
  return client;
}

/** The connections of the app's pool. The pool is never ended here. */
export function appConnections(knex: Knex): ConnectionSource {
  const client = clientOf(knex);
  return {
    acquire: async () => {
      const connection = await client.acquireConnection();
      // Pools other than Knex's take their own listener away while they lend, and without one an error ends the process.
      connection.on('error', ignore);
      return connection;
    },
    release: (connection) => {
      void client.releaseConnection(connection);
      (connection as RawConnection).off('error', ignore);
    },
  };
}

/** Whoever uses the connection is told in another way that it broke. */
const ignore = (): void => undefined;

/** Makes and ends connections that are no pool's. */
export interface ConnectionMaker {
  create(): Promise<RawConnection>;
  destroy(connection: RawConnection): Promise<void>;
}

/** A `pg` client, as far as it is used here beside its queries. */
export interface RawConnection extends Connection {
  on(event: 'notification', listener: (notice: { readonly channel: string }) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
  /** Lets the process end although the connection is open. */
  unref?(): void;
}

/**
 * Makes connections in the way the app's pool makes its own, and to where it leads unless another place is given; nothing
 * when that cannot be known, because the pool is not Knex's.
 */
export function connectionMaker(
  knex: Knex,
  connection?: Knex.Config['connection'],
): ConnectionMaker | undefined {
  const client = clientOf(knex);
  const pool = { ...client.config.pool, min: 0, max: 1 };
  if (connection !== undefined) return clientTo(connection, client).getPoolSettings(pool);
  return client.config.connectionPool === undefined ? client.getPoolSettings(pool) : undefined;
}

/** A client like the given one that leads elsewhere. It has no pool: 0 says so to Knex. */
function clientTo(connection: Knex.Config['connection'], { config, constructor }: KnexClient): KnexClient {
  const Client = constructor as new (config: object) => KnexClient;
  return new Client({ ...config, connection, connectionPool: undefined, pool: { max: 0 } });
}
