import type { Clock } from '../clock';

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
}

/** How long a node waits between two reads of the log, in milliseconds. */
export const READ_EVERY = 500;

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
  #state: 'idle' | 'following' | 'closed' = 'idle';
  #cancelNext: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();

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

  subscribe(subscriber: (change: ChangeSet) => void): void {
    this.#subscribers.push(subscriber);
  }

  /** Begins to read, unless it already does. With a lease of 0 there is nothing to read for. */
  start(): void {
    if (this.#state !== 'idle' || this.#options.lease === 0) return;
    this.#state = 'following';
    this.#reading = this.#follow();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#trustedUntil = -Infinity;
    this.#cancelNext();
    await this.#reading;
    await this.#changes.close();
  }

  async #follow(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      this.#options.onFailure(error);
    }
    if (this.#closed()) return;
    this.#cancelNext = this.#options.clock.after(READ_EVERY, () => {
      this.#reading = this.#follow();
    });
  }

  async #read(): Promise<void> {
    const { clock, lease } = this.#options;
    const sent = clock.monotonic();
    const change = await this.#changes.read(this.#position);
    if (this.#closed()) return;
    for (const subscriber of this.#subscribers) subscriber(change);
    this.#position = change.position;
    this.#trustedUntil = sent + lease;
    clock.follow?.(change.time, (sent + clock.monotonic()) / 2);
  }

  #closed(): boolean {
    return this.#state === 'closed';
  }
}
