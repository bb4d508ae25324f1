import type { Knex } from 'knex';

import { systemClock, type Clock, withTimeout, jittered } from '../clock';
import { sqlState, withoutValues } from './failures';
import { appConnections, connectionMaker, type ConnectionMaker, type RawConnection } from './knex';
import type { Connection, ConnectionSource } from './statement-runner';

export interface DedicatedConnectionOptions {
  /** Connection settings in the form of Knex's `connection` option. Defaults to those of the app's Knex. */
  readonly connection?: Knex.Config['connection'] | undefined;
  readonly clock?: Clock;
}

/** The callbacks for the notifications of a channel. */
export interface ChannelListener {
  /** Called for every notification. */
  readonly notify: () => void;
  /** Called when the connection listens to the channel, the first time and after every reconnect. */
  readonly up: () => void;
  /** Called when no notifications can arrive, because the connection or LISTEN failed. */
  readonly down: (error: unknown) => void;
}

/** The timeout for opening a connection, for LISTEN, and for closing a connection, in milliseconds. */
const CONNECTION_TIMEOUT = 3000;

/** The pause after a failed attempt to connect or to LISTEN, in milliseconds. It doubles up to the longest pause. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/**
 * One connection beside the app's pool, opened with the pool's own settings. It is not delayed by a busy pool, and it
 * receives notifications. If it cannot be opened, for example because the server is full or the pool is not Knex's own,
 * `acquire()` borrows a connection from the app's pool instead. Borrowed connections receive no notifications. After a
 * pause, a later `acquire()` tries again to open the dedicated connection.
 */
export class DedicatedConnection implements ConnectionSource {
  readonly #pool: ConnectionSource;
  readonly #maker: ConnectionMaker | undefined;
  /** A clock of its own by default: timeouts of the database use real timers, even if tests inject a clock elsewhere. */
  readonly #clock: Clock;
  #dedicated: RawConnection | undefined;
  #channel: { readonly name: string; readonly listener: ChannelListener } | undefined;
  /** The connection on which LISTEN succeeded. */
  #listening: RawConnection | undefined;
  #preparing: Promise<void> | undefined;
  /** The dedicated connection while it is borrowed. */
  #borrowed: Connection | undefined;
  /** The calls of `acquire()` that wait until the dedicated connection is released. */
  readonly #waiting: (() => void)[] = [];
  #failures = 0;
  #notBefore = -Infinity;
  #closed = false;

  constructor(knex: Knex, { connection, clock = systemClock() }: DedicatedConnectionOptions = {}) {
    this.#pool = appConnections(knex);
    this.#maker = connectionMaker(knex, connection);
    this.#clock = clock;
  }

  /**
   * Sets the channel to listen to. This only records it: the next `acquire()` sends LISTEN, and so does the first
   * `acquire()` after every reconnect. Returns a function that stops the callbacks.
   * @param channel A plain word, because it becomes part of the statement.
   */
  listen(channel: string, listener: ChannelListener): () => void {
    this.#channel = { name: channel, listener };
    return () => (this.#channel = undefined);
  }

  /**
   * Returns the dedicated connection to one borrower at a time, because a connection runs one statement at a time. Opens it
   * and sends LISTEN first if necessary. Falls back to the app's pool.
   */
  async acquire(): Promise<Connection> {
    for (;;) {
      if (this.#borrowed === undefined) await this.#prepareOnce();
      if (this.#dedicated === undefined) return this.#pool.acquire();
      if (this.#borrowed === undefined) return (this.#borrowed = this.#dedicated);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  release(connection: Connection): void {
    if (connection !== this.#borrowed) return this.#pool.release(connection);
    this.#borrowed = undefined;
    const broken = connection.__knex__disposed;
    if (broken !== undefined && connection === this.#dedicated) this.#discard(broken);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /**
   * Closes the connection until the next `acquire()`. The listener is not called, because the node needs no notifications in
   * the meantime.
   */
  async rest(): Promise<void> {
    await this.#preparing;
    this.#listening = undefined;
    await this.#closeDedicated();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#channel = undefined;
    await this.#preparing;
    await this.#closeDedicated();
  }

  async #closeDedicated(): Promise<void> {
    const dedicated = this.#dedicated;
    this.#dedicated = undefined;
    if (dedicated !== undefined) await this.#destroy(dedicated);
  }

  #prepareOnce(): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined));
    return this.#preparing;
  }

  async #prepare(): Promise<void> {
    // Knex sets this property if the connection broke while it was idle.
    const broken = this.#dedicated?.__knex__disposed;
    if (broken !== undefined) this.#discard(broken);
    if (this.#closed || this.#clock.monotonic() < this.#notBefore) return;
    try {
      this.#dedicated ??= await this.#open();
      if (this.#listening !== this.#dedicated) await this.#sendListen(this.#dedicated);
      this.#failures = 0;
    } catch (error) {
      this.#postpone(error);
    }
  }

  /** Returns `undefined` if the pool is not Knex's own, because its connection settings are then unknown. */
  async #open(): Promise<RawConnection | undefined> {
    if (this.#maker === undefined) return undefined;
    const opened = await withTimeout(this.#maker.create(), {
      clock: this.#clock,
      limit: CONNECTION_TIMEOUT,
      problem: 'The database took too long to accept a connection',
      late: (connection) => void this.#destroy(connection),
    });
    // An 'error' event without a listener ends the process. Knex removes its own listener when it stops using a connection.
    opened.on('error', () => undefined);
    opened.unref?.();
    return opened;
  }

  /** If the server or a pooler refuses LISTEN, the connection is still used to run statements. */
  async #sendListen(connection: RawConnection | undefined): Promise<void> {
    const channel = this.#channel;
    if (connection === undefined || channel === undefined) return;
    try {
      await connection.query({ text: `listen ${channel.name}`, query_timeout: CONNECTION_TIMEOUT });
    } catch (error) {
      if (sqlState(error) === undefined) this.#discard(error);
      throw error;
    }
    connection.on('notification', (notification) => {
      if (notification.channel === channel.name) channel.listener.notify();
    });
    connection.on('end', () => this.#stopListening(connection, new Error('The connection was lost')));
    this.#listening = connection;
    channel.listener.up();
  }

  #postpone(error: unknown): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures++, LONGEST_PAUSE);
    this.#notBefore = this.#clock.monotonic() + jittered(pause / 2, pause);
    this.#channel?.listener.down(withoutValues(error));
  }

  /** Call this only after the connection was released. The borrower must still be able to release it. */
  #discard(error: unknown): void {
    const dedicated = this.#dedicated!;
    this.#dedicated = undefined;
    this.#stopListening(dedicated, error);
    void this.#destroy(dedicated);
  }

  #stopListening(connection: RawConnection, error: unknown): void {
    if (connection !== this.#listening) return;
    this.#listening = undefined;
    this.#channel?.listener.down(withoutValues(error));
  }

  /** Ignores errors and waits only for the timeout: the connection may be broken, or the server may never answer. */
  async #destroy(connection: RawConnection): Promise<void> {
    const destroyed = this.#maker?.destroy(connection) ?? Promise.resolve();
    await withTimeout(destroyed, {
      clock: this.#clock,
      limit: CONNECTION_TIMEOUT,
      problem: 'The database took too long to close a connection',
    }).catch(() => undefined);
  }
}
