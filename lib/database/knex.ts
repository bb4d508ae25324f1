import type { Knex } from 'knex';

import type { Connection, ConnectionSource } from './pool';

/**
 * The part of Knex's client that lends and makes connections. Knex's own query path is not used: it can neither be given
 * a time limit that holds, nor keep statements prepared.
 */
interface KnexClient {
  readonly dialect: string;
  readonly config: { readonly pool?: object; readonly connectionPool?: unknown };
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
  getPoolSettings(pool: object): {
    create(): Promise<RawConnection>;
    destroy(connection: RawConnection): Promise<void>;
  };
}

interface RawConnection extends Connection {
  /** Lets the process end although the connection is open. */
  unref?(): void;
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
    acquire: () => client.acquireConnection(),
    release: (connection) => void client.releaseConnection(connection),
  };
}

/**
 * One connection beside the app's pool, made in the way the pool makes its own, so that a busy pool keeps nobody waiting.
 * Where none can be had (the server is full, or the pool is not Knex's) it borrows from the pool instead.
 */
export class OwnConnection implements ConnectionSource {
  readonly #pool: ConnectionSource;
  readonly #settings: ReturnType<KnexClient['getPoolSettings']> | undefined;
  #own: RawConnection | undefined;
  #making: Promise<RawConnection | undefined> | undefined;
  #closed = false;

  constructor(knex: Knex) {
    const client = clientOf(knex);
    this.#pool = appConnections(knex);
    if (client.config.connectionPool === undefined) {
      this.#settings = client.getPoolSettings({ ...client.config.pool, min: 0, max: 1 });
    }
  }

  async acquire(): Promise<Connection> {
    this.#making ??= this.#make().finally(() => (this.#making = undefined));
    return (await this.#making) ?? (await this.#pool.acquire());
  }

  release(connection: Connection): void {
    if (connection !== this.#own) this.#pool.release(connection);
    else if (connection.__knex__disposed !== undefined) void this.#destroy();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#making;
    await this.#destroy();
  }

  async #make(): Promise<RawConnection | undefined> {
    if (this.#closed) return undefined;
    // Knex marks a connection that broke while nobody used it.
    if (this.#own?.__knex__disposed !== undefined) void this.#destroy();
    try {
      this.#own ??= await this.#settings?.create();
      this.#own?.unref?.();
    } catch {
      // The pool will say what is wrong, if anything is.
    }
    return this.#own;
  }

  async #destroy(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    if (own !== undefined) await this.#settings?.destroy(own).catch(() => undefined);
  }
}
