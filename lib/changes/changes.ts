import type { Clock } from '../clock';
import type { ChangesHealth } from '../health';
import type { HintLine } from './hint';

/**
 * How a node learns what others ended or changed: a log that is read from a position. Notices may hurry the reading;
 * nothing depends on them.
 */
export interface Changes {
  /** What has changed since the position, or everything when there is none or the log no longer reaches back to it. */
  read(since: Position | undefined): Promise<ChangeSet>;
  /** Lets go of what reading needed. Twice is once. */
  close(): Promise<void>;
}

/** The log as cleanup sees it. */
export interface ChangeLog {
  /** Deletes at most `limit` entries that the log need not reach back to, and tells how many. */
  prune(limit: number): Promise<number>;
}

/** A place in the log, in the words of whoever keeps it. */
export type Position = string;

export interface ChangeSet {
  /** Sessions that ended or changed since. */
  readonly ids: readonly string[];
  /** Whether any session may have changed: whatever was copied before must go. */
  readonly everything: boolean;
  readonly position: Position;
  /** The time by the log's own clock, in milliseconds since 1970. */
  readonly time: number;
}

export interface FollowerOptions {
  readonly clock: Clock;
  /** For how long copies may be trusted after the log was last read, in milliseconds; 0 for never. */
  readonly lease: number;
  /** Told when a read of the log fails; the next one is tried all the same. */
  readonly onFailure: (error: unknown) => void;
  /** What hurries the reading. */
  readonly hints?: readonly HintLine[];
}

/** How long a node waits between two reads of the log, in milliseconds. */
export const READ_EVERY = 500;

/** How long it waits at least, however many notices come: a storm of notices must not become a storm of reads. */
export const READ_AT_MOST_EVERY = 20;

/**
 * Reads the log over and over, tells its subscribers what changed, and knows until when copies may be trusted: until the
 * last good read was *sent*, plus the lease. Counting from the answer would trust copies for as long as an answer can
 * be on its way.
 */
export class ChangeFollower {
  readonly #changes: Changes;
  readonly #options: FollowerOptions;
  readonly #subscribers: ((change: ChangeSet) => void)[] = [];
  #position: Position | undefined;
  #trustedUntil = -Infinity;
  #lastRead: number | undefined;
  /** Why it could not be read the last time that it could not. */
  #failure: unknown = new Error('The log of changes is not read any more');
  #state: 'idle' | 'following' | 'closed' = 'idle';
  #cancelNext: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();
  #isReading = false;
  /** Whether a notice came that no read has followed yet. */
  #hurried = false;
  /** When a notice may make it read again. */
  #notBefore = -Infinity;

  constructor(changes: Changes, options: FollowerOptions) {
    this.#changes = changes;
    this.#options = options;
  }

  /** Whether what was copied before is known to be current enough. */
  get trusted(): boolean {
    return this.#options.clock.monotonic() < this.#trustedUntil;
  }

  /** For how long a copy may be trusted at the most, in milliseconds. */
  get lease(): number {
    return this.#options.lease;
  }

  get health(): ChangesHealth {
    return {
      trusted: this.trusted,
      position: this.#position ?? null,
      age: this.#lastRead === undefined ? null : Math.round(this.#options.clock.monotonic() - this.#lastRead),
      hints: this.#hints.map((hint) => hint.health),
    };
  }

  subscribe(subscriber: (change: ChangeSet) => void): void {
    this.#subscribers.push(subscriber);
  }

  /** Begins to read, unless it already does. With a lease of 0, which trusts no copy, for the time alone. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'following';
    for (const hint of this.#hints) hint.listen(() => this.#hurry());
    this.#reading = this.#follow();
  }

  /**
   * Resolves when the clock goes by the database's time. What is stamped by a machine's own might outlive the end of
   * everything, or end too much.
   * @throws whatever kept the log from being read
   */
  async hearTime(): Promise<void> {
    this.start();
    if (this.#lastRead === undefined) await this.#reading;
    if (this.#lastRead === undefined) throw this.#failure;
  }

  /** Tells the other nodes that the log has grown, where a hint needs that. */
  announce(): void {
    for (const hint of this.#hints) hint.send();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#trustedUntil = -Infinity;
    this.#cancelNext();
    for (const hint of this.#hints) hint.close();
    await this.#reading;
    await this.#changes.close();
  }

  async #follow(): Promise<void> {
    this.#isReading = true;
    this.#hurried = false;
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
    if (!this.#closed()) this.#schedule();
  }

  /** A notice that comes during a read may tell of what that read does not see any more, so one more follows it. */
  #hurry(): void {
    if (this.#hurried) return;
    this.#hurried = true;
    if (!this.#isReading) this.#schedule();
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#cancelNext();
    const delay = this.#hurried ? Math.max(0, this.#notBefore - clock.monotonic()) : READ_EVERY;
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
    clock.follow?.(change.time, (sent + clock.monotonic()) / 2);
  }

  get #hints(): readonly HintLine[] {
    return this.#options.hints ?? [];
  }

  #closed(): boolean {
    return this.#state === 'closed';
  }
}
