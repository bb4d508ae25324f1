import type { ChangeLog } from '../changes/changes';
import type { CleanupLease } from '../database/cleanup-lease';
import { jittered } from '../clock';
import { cutoffs, type Lifetimes } from '../session/lifetimes';
import type { Settings } from '../options/settings';
import { FLUSH_EVERY } from '../store/buffered';
import type { Retained, AdministeredStore } from '../store/store';

/** What one cleanup did. */
export interface CleanupResult {
  /** Sessions that were deleted: they had ended or expired long ago. */
  readonly deleted: number;
  /** Sessions that lost their data, because they hibernate now. */
  readonly hibernated: number;
  /** Entries of the change log that were deleted. */
  readonly pruned: number;
}

/** What cleanup does its work on. */
export interface Cleaned {
  readonly store: AdministeredStore;
  /** The log of changes; absent where nobody else is to learn of them. */
  readonly log?: ChangeLog;
  /** Sees to it that one node at a time is at it; absent where there is but one. */
  readonly cleanupLease?: CleanupLease;
}

/** How many rows one statement takes at the most: enough to get on, and few enough that nobody waits for them. */
export const CHUNK = 5000;

/** The shortest pause after a chunk, in milliseconds. */
const PAUSE = 10;

/**
 * Deletes the sessions that ended long ago, drops the data of those that hibernate, and prunes the log of changes, each a
 * chunk at a time. No decision about a request depends on it: sessions expire without it.
 */
export class Cleanup {
  readonly #cleaned: Cleaned;
  readonly #settings: Settings;
  #underway: Promise<CleanupResult | undefined> | undefined;
  #closed = false;
  #cancelNext: () => void = () => undefined;
  #endPause: () => void = () => undefined;

  constructor(cleaned: Cleaned, settings: Settings) {
    this.#cleaned = cleaned;
    this.#settings = settings;
  }

  /**
   * Sets the timer. Nothing is asked of the database before the first run, which comes within the period rather than at its
   * end, so that nodes which are restarted often clean up too.
   */
  start(): void {
    if (this.#settings.isCleanupEnabled) this.#schedule(0.1, 1);
  }

  /** Cleans up now, unless this or another node is at it. */
  async run(): Promise<CleanupResult | undefined> {
    return this.#run(0);
  }

  /** Stops after the chunk that is under way; others may go on with the rest. Twice is once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelNext();
    this.#endPause();
    await this.#underway?.catch(() => undefined);
  }

  /** After at least and at most so many periods. */
  #schedule(least: number, most: number): void {
    const { clock, cleanupPeriod } = this.#settings;
    const delay = cleanupPeriod * jittered(least, most);
    this.#cancelNext = clock.after(delay, () => void this.#runInTime());
  }

  async #runInTime(): Promise<void> {
    const { cleanupPeriod, report } = this.#settings;
    try {
      // A little less than the period, as no two clocks go alike.
      await this.#run(cleanupPeriod * 0.95);
    } catch (error) {
      report({ type: 'failed', task: 'cleanup', error });
    }
    if (!this.#closed) this.#schedule(1, 1.1);
  }

  #run(rest: number): Promise<CleanupResult | undefined> {
    if (this.#closed || this.#underway !== undefined) return Promise.resolve(undefined);
    this.#underway = this.#runWithLease(rest).finally(() => (this.#underway = undefined));
    return this.#underway;
  }

  async #runWithLease(rest: number): Promise<CleanupResult | undefined> {
    const { cleanupLease } = this.#cleaned;
    if (cleanupLease === undefined) return this.#clean(() => Promise.resolve(true));
    const lease = await cleanupLease.acquire(rest);
    if (lease === undefined) return undefined;
    try {
      const result = await this.#clean(() => cleanupLease.renew(lease));
      await (this.#closed ? cleanupLease.release(lease) : cleanupLease.finish(lease));
      return result;
    } catch (error) {
      // If that fails too, the lease expires by itself.
      await cleanupLease.release(lease).catch(() => undefined);
      throw error;
    }
  }

  async #clean(renew: () => Promise<boolean>): Promise<CleanupResult> {
    const { store, log } = this.#cleaned;
    const { clock, lifetimes, report } = this.#settings;
    const now = clock.now() - trail(this.#settings);
    let hibernated = 0;

    const deleted = await this.#inChunks(renew, () =>
      store.sweep(retainedAt(now, lifetimes, this.#settings), CHUNK),
    );
    await this.#inChunks(renew, async () => {
      const { dropped, sessions } = await store.hibernate(cutoffs(lifetimes, now), CHUNK);
      hibernated += sessions.length;
      for (const session of sessions) report({ type: 'hibernated', session });
      return dropped;
    });
    const pruned = log === undefined ? 0 : await this.#inChunks(renew, () => log.prune(CHUNK));
    return { deleted, hibernated, pruned };
  }

  /** Until nothing is left, or the lease is lost. Pauses are a quarter of the work: a slow database is given more time. */
  async #inChunks(renew: () => Promise<boolean>, chunk: () => Promise<number>): Promise<number> {
    const { clock } = this.#settings;
    let total = 0;
    while (!this.#closed && (await renew())) {
      const begun = clock.monotonic();
      const done = await chunk();
      if (done === 0) break;
      total += done;
      await this.#pause(Math.max(PAUSE, (clock.monotonic() - begun) / 4));
    }
    return total;
  }

  async #pause(length: number): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#settings.clock.after(length, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** By how much the database may be behind, in milliseconds: sessions are judged as of so long ago. */
function trail({ touchInterval, requestBudget }: Settings): number {
  return touchInterval + FLUSH_EVERY + requestBudget;
}

/**
 * What is kept at a time. A session that has expired is kept as long as one that was ended, so that its client is told why
 * it is refused; but none that was not used for the inactive time span.
 */
export function retainedAt(
  now: number,
  lifetimes: Lifetimes,
  { endedRetention, inactiveTimeSpan }: Pick<Settings, 'endedRetention' | 'inactiveTimeSpan'>,
): Retained {
  const endedAfter = now - endedRetention;
  const unused = now - inactiveTimeSpan;
  const { short, long, absolute } = cutoffs(lifetimes, endedAfter);
  return {
    endedAfter,
    cutoffs: { short: Math.max(short, unused), long: Math.max(long, unused), absolute },
  };
}
