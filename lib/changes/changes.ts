import type { Clock } from '../clock';
import type { ChangesHealth } from '../health';
import type { MonitoredHint } from './hint';

/**
 * The change log, as a node reads it: the sessions that any node ended or changed. Correctness depends only on reading the
 * log. Notifications (see `Hint`) make a node read it sooner.
 */
export interface Changes {
  /**
   * Returns the changes since a position. Returns `everything: true` if `since` is undefined, or if the log no longer
   * reaches back to it.
   */
  read(since: Position | undefined): Promise<ChangeSet>;
  /** Releases the resources that reading uses until the next read. Must not reject. */
  rest(): Promise<void>;
  /** Releases the resources that reading uses. Safe to call twice. */
  close(): Promise<void>;
}

/** The change log, as cleanup uses it. */
export interface ChangeLog {
  /** Deletes at most `limit` entries that no reader still needs. Returns the number of deleted entries. */
  prune(limit: number): Promise<number>;
}

/** A position in the log. Only the implementation of `Changes` knows its format. */
export type Position = string;

/** The result of one read of the log. */
export interface ChangeSet {
  /** The ids of the sessions that ended or changed. */
  readonly ids: readonly string[];
  /** If true, any session may have changed, and the whole cache must be cleared. */
  readonly everything: boolean;
  /** The position to read from next time. */
  readonly position: Position;
  /** The time of the log's server, in milliseconds since 1970. */
  readonly time: number;
}

export interface FollowerOptions {
  readonly clock: Clock;
  /** The time for which cached sessions are trusted after a read of the log was sent, in milliseconds. 0 disables trust. */
  readonly lease: number;
  /** Called when a read of the log fails. The follower retries in any case. */
  readonly onFailure: (error: unknown) => void;
  /** Sources of notifications that make the follower read sooner. */
  readonly hints?: readonly MonitoredHint[];
}

/** The interval between two reads of the log without notifications, in milliseconds. */
export const READ_EVERY = 500;

/**
 * The time without use after which a node stops reading the log, in milliseconds. Short, because a database that stops when
 * it is idle starts to count after this time, and because the node has no disadvantage: its next request asks the database.
 */
export const IDLE_AFTER = 15_000;

/** The shortest interval between two reads, in milliseconds. It limits the reads during a storm of notifications. */
export const READ_AT_MOST_EVERY = 20;

/**
 * Reads the change log repeatedly, passes the changes to its subscribers, and knows how long cached sessions can be
 * trusted: until the *send time* of the last successful read plus the lease. If trust counted from the answer instead, a
 * slow answer would extend it.
 *
 * Without use it pauses: it trusts no cached session and sends nothing, so that an idle database can stop. The next use is
 * checked against the database, and reading continues from the last position.
 */
export class ChangeFollower {
  readonly #changes: Changes;
  readonly #options: FollowerOptions;
  readonly #subscribers: ((change: ChangeSet) => void)[] = [];
  #position: Position | undefined;
  #trustedUntil = -Infinity;
  #lastRead: number | undefined;
  /** The number of successful reads. */
  #successes = 0;
  /** The error of the last failed read. */
  #failure: unknown = new Error('The change log is no longer read, because the manager was closed');
  #state: 'idle' | 'following' | 'paused' | 'closed' = 'idle';
  /** True if cached sessions were used since the last read. */
  #used = false;
  #lastUse = -Infinity;
  /** True if the clock follows the time of a read that was not before the last pause. */
  #synchronized = false;
  #cancelNext: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();
  #isReading = false;
  /** True if a notification has arrived since the last read was sent. */
  #notified = false;
  /** The earliest time of the next read that a notification causes. */
  #notBefore = -Infinity;

  constructor(changes: Changes, options: FollowerOptions) {
    this.#changes = changes;
    this.#options = options;
  }

  /** True while cached sessions are known to be current enough. */
  get trusted(): boolean {
    return this.trustedAt(this.#options.clock.monotonic());
  }

  /** Returns the same for a monotonic time that the caller has just read. */
  trustedAt(moment: number): boolean {
    return moment < this.#trustedUntil;
  }

  /** The longest time for which a cached session is trusted, in milliseconds. */
  get lease(): number {
    return this.#options.lease;
  }

  get health(): ChangesHealth {
    return {
      trusted: this.trusted,
      paused: this.#state === 'paused',
      position: this.#position ?? null,
      age: this.#lastRead === undefined ? null : Math.round(this.#options.clock.monotonic() - this.#lastRead),
      hints: this.#hints.map((hint) => hint.health),
    };
  }

  /** Calls the subscriber with the result of every successful read, before that result extends trust. */
  subscribe(subscriber: (change: ChangeSet) => void): void {
    this.#subscribers.push(subscriber);
  }

  /** Records a use of the cache. Uses keep the follower reading. */
  noteUse(): void {
    this.#used = true;
  }

  /**
   * Starts or continues to read the log. Does nothing while the log is read. With a lease of 0 no cached session is trusted,
   * but the reads still provide the database's time.
   */
  start(): void {
    this.noteUse();
    const before = this.#state;
    if (before !== 'idle' && before !== 'paused') return;
    this.#state = 'following';
    if (before === 'idle') for (const hint of this.#hints) hint.listen(() => this.#readSoon());
    this.#reading = this.#follow();
  }

  /**
   * Resolves when the clock follows the database's time. A sign-in or "end everything" that is stamped with the machine's
   * own time could survive a later "end everything", or end too many sessions.
   * @throws the error of the read if the log cannot be read
   */
  async synchronizeClock(): Promise<void> {
    this.start();
    if (!this.#synchronized) await this.#reading;
    if (!this.#synchronized) throw this.#failure;
  }

  /**
   * Resolves when the subscribers have received every change that was committed before this call. If the log cannot be read, no cached
   * session is trusted until it can.
   */
  async catchUp(): Promise<void> {
    if (this.#state !== 'following') return;
    // The read in progress may have begun too early. Of several callers that wait for it, the first starts the next one.
    if (this.#isReading) await this.#reading;
    if (!this.#isReading && this.#state === 'following') {
      this.#cancelNext();
      this.#reading = this.#follow();
    }
    const before = this.#successes;
    await this.#reading;
    if (this.#successes === before) this.#trustedUntil = -Infinity;
  }

  /**
   * Notifies the other nodes that the log has grown, through the hints that can send. Call it after the commit: a
   * notification inside a transaction takes a lock of the whole server until the commit is on disk.
   */
  announce(): void {
    for (const hint of this.#hints) hint.send();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#trustedUntil = -Infinity;
    this.#cancelNext();
    await Promise.all([this.#reading, ...this.#hints.map((hint) => hint.close())]);
    await this.#changes.close();
  }

  async #follow(): Promise<void> {
    this.#isReading = true;
    this.#notified = false;
    const sent = this.#options.clock.monotonic();
    try {
      await this.#read(sent);
      this.#notBefore = sent + READ_AT_MOST_EVERY;
    } catch (error) {
      this.#notBefore = sent + READ_EVERY;
      this.#failure = error;
      this.#options.onFailure(error);
    }
    this.#isReading = false;
    if (this.#closed()) return;
    if (this.#isIdle()) this.#pause();
    else this.#schedule();
  }

  #isIdle(): boolean {
    const now = this.#options.clock.monotonic();
    if (this.#used) this.#lastUse = now;
    this.#used = false;
    return now - this.#lastUse >= IDLE_AFTER;
  }

  #pause(): void {
    this.#state = 'paused';
    this.#trustedUntil = -Infinity;
    this.#synchronized = false;
    this.#cancelNext();
    this.#reading = this.#changes.rest();
  }

  /** The read in progress may not see the change behind this notification, so another read follows it. */
  #readSoon(): void {
    if (this.#notified || this.#state !== 'following') return;
    this.#notified = true;
    if (!this.#isReading) this.#schedule();
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#cancelNext();
    const delay = this.#notified ? Math.max(0, this.#notBefore - clock.monotonic()) : READ_EVERY;
    this.#cancelNext = clock.after(delay, () => {
      this.#reading = this.#follow();
    });
  }

  async #read(sent: number): Promise<void> {
    const { clock, lease } = this.#options;
    const change = await this.#changes.read(this.#position);
    if (this.#closed()) return;
    for (const subscriber of this.#subscribers) subscriber(change);
    this.#position = change.position;
    this.#trustedUntil = sent + lease;
    this.#lastRead = sent;
    this.#successes++;
    this.#synchronized = true;
    clock.follow?.(change.time, (sent + clock.monotonic()) / 2);
  }

  get #hints(): readonly MonitoredHint[] {
    return this.#options.hints ?? [];
  }

  #closed(): boolean {
    return this.#state === 'closed';
  }
}
