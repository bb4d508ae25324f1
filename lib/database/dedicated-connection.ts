import type { Knex } from 'knex';

import { systemClock, type Clock, withTimeout, jittered } from '../clock';
import { sqlState } from './failures';
import { appConnections, connectionMaker, type ConnectionMaker, type RawConnection } from './knex';
import type { Connection, ConnectionSource } from './statement-runner';

export interface DedicatedConnectionOptions {
  /** Where it leads, as Knex's `connection` says it; to where the app's Knex leads when absent. */
  readonly connection?: Knex.Config['connection'] | undefined;
  readonly clock?: Clock;
}

/** Told of a channel's notices, and whether they come. */
export interface ChannelListener {
  readonly wake: () => void;
  readonly up: () => void;
  readonly down: (error: unknown) => void;
}

/** How long making a connection, or the answer to LISTEN, may take, in milliseconds. */
const CONNECTION_TIMEOUT = 3000;

/** How long it waits after a failure to try again, in milliseconds: at first, and at the most. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/**
 * One connection beside the app's pool, made in the way the pool makes its own, so that a busy pool keeps nobody waiting,
 * and on which notices come. Where none can be had (the server is full, or the pool is not Knex's) it borrows from the
 * pool instead, which brings no notices, and tries again later.
 */
export class DedicatedConnection implements ConnectionSource {
  readonly #pool: ConnectionSource;
  readonly #maker: ConnectionMaker | undefined;
  /** Waits for a database are real ones, whatever clock a test has sessions judged by. */
  readonly #clock: Clock;
  #own: RawConnection | undefined;
  #channel: { readonly name: string; readonly listener: ChannelListener } | undefined;
  /** The connection that the notices come on. */
  #listening: RawConnection | undefined;
  #preparing: Promise<void> | undefined;
  #failures = 0;
  #notBefore = -Infinity;
  #closed = false;

  constructor(knex: Knex, { connection, clock = systemClock() }: DedicatedConnectionOptions = {}) {
    this.#pool = appConnections(knex);
    this.#maker = connectionMaker(knex, connection);
    this.#clock = clock;
  }

  /** Brings the notices of a channel from the next use on. Its name is part of a statement, so it must be a plain word. */
  listen(channel: string, listener: ChannelListener): () => void {
    this.#channel = { name: channel, listener };
    return () => (this.#channel = undefined);
  }

  async acquire(): Promise<Connection> {
    this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined));
    await this.#preparing;
    return this.#own ?? (await this.#pool.acquire());
  }

  release(connection: Connection): void {
    if (connection !== this.#own) this.#pool.release(connection);
    else if (connection.__knex__disposed !== undefined) this.#discard(connection.__knex__disposed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#channel = undefined;
    await this.#preparing;
    const own = this.#own;
    this.#own = undefined;
    if (own !== undefined) await this.#destroy(own);
  }

  async #prepare(): Promise<void> {
    // Knex marks a connection that broke while nobody used it.
    const broken = this.#own?.__knex__disposed;
    if (broken !== undefined) this.#discard(broken);
    if (this.#closed || this.#clock.monotonic() < this.#notBefore) return;
    try {
      this.#own ??= await this.#make();
      if (this.#listening !== this.#own) await this.#listen(this.#own);
      this.#failures = 0;
    } catch (error) {
      this.#postpone(error);
    }
  }

  /** Nothing where the pool is not Knex's. */
  async #make(): Promise<RawConnection | undefined> {
    if (this.#maker === undefined) return undefined;
    const own = await withTimeout(this.#maker.create(), {
      clock: this.#clock,
      limit: CONNECTION_TIMEOUT,
      problem: 'The database took too long to accept a connection',
      late: (connection) => void this.#destroy(connection),
    });
    // Without a listener an error would end the process, also one that comes when Knex has stopped listening.
    own.on('error', () => undefined);
    own.unref?.();
    return own;
  }

  /** The server may refuse, or a pooler before it; the connection serves all the same. */
  async #listen(own: RawConnection | undefined): Promise<void> {
    const channel = this.#channel;
    if (own === undefined || channel === undefined) return;
    try {
      await own.query({ text: `listen ${channel.name}`, query_timeout: CONNECTION_TIMEOUT });
    } catch (error) {
      if (sqlState(error) === undefined) this.#discard(error);
      throw error;
    }
    own.on('notification', (notice) => {
      if (notice.channel === channel.name) channel.listener.wake();
    });
    own.on('end', () => this.#hearsNothing(own, new Error('The connection was lost')));
    this.#listening = own;
    channel.listener.up();
  }

  #postpone(error: unknown): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures++, LONGEST_PAUSE);
    this.#notBefore = this.#clock.monotonic() + jittered(pause / 2, pause);
    this.#channel?.listener.down(error);
  }

  /** Not before it was given back: who uses it must be able to give it back. */
  #discard(error: unknown): void {
    const own = this.#own!;
    this.#own = undefined;
    this.#hearsNothing(own, error);
    void this.#destroy(own);
  }

  #hearsNothing(own: RawConnection, error: unknown): void {
    if (own !== this.#listening) return;
    this.#listening = undefined;
    this.#channel?.listener.down(error);
  }

  /** It may be broken already, or its end never be answered. */
  async #destroy(own: RawConnection): Promise<void> {
    const ending = this.#maker?.destroy(own) ?? Promise.resolve();
    const limit = { clock: this.#clock, limit: CONNECTION_TIMEOUT, problem: 'It does not end' };
    await withTimeout(ending, limit).catch(() => undefined);
  }
}
