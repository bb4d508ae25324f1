import type { ChangeLog } from '../changes/changes';
import type { CleanupLease } from '../database/cleanup-lease';
import { holdProcess, jittered } from '../clock';
import { reportEnded } from '../events';
import type { CleanupHealth } from '../health';
import { cutoffs, type Cutoffs } from '../session/lifetimes';
import type { Owner } from '../session/session';
import { inSlices } from '../slices';
import type { Settings } from '../options/settings';
import type { RetainedAttempts, SignInAttempts } from '../store/attempts';
import { FLUSH_EVERY } from '../store/buffered';
import type { KnownDevices } from '../store/known-devices';
import type { SingleUseTokens } from '../store/single-use-tokens';
import type { Retained, AdministeredStore } from '../store/store';
import { COUNTED_FOR, type Trail } from '../store/trail';
import { cutoffsInForce } from './cutoffs-in-force';
import { mostKept } from './policy';

/** The result of one cleanup. */
export interface CleanupResult {
  /** The number of deleted sessions, which had ended or expired long ago. */
  readonly deleted: number;
  /** The number of live sessions that were ended because their user had more than `maxSessionsKept`. */
  readonly displaced: number;
  /** The number of hibernating sessions whose temporary data was dropped. */
  readonly hibernated: number;
  /** The number of deleted entries of the change log. */
  readonly pruned: number;
}

/** The parts that a cleanup works on. */
export interface Cleaned {
  readonly store: AdministeredStore;
  readonly attempts: SignInAttempts;
  readonly tokens: SingleUseTokens;
  readonly knownDevices: KnownDevices;
  readonly trail: Trail;
  /** The change log. Absent for a store without a database. */
  readonly log?: ChangeLog;
  /** Ensures that one node at a time cleans up. Absent for a store without a database. */
  readonly cleanupLease?: CleanupLease;
}

/** The largest number of rows per statement, so that no statement holds its locks for long. */
export const CHUNK = 5000;

/** The shortest pause after a statement, in milliseconds. */
const PAUSE = 10;

/**
 * Deletes the sessions that ended long ago, ends the longest-unused sessions of users who have very many, drops the temporary
 * data of those that hibernate, and prunes the change log, the trail, the sign-in attempts, single-use tokens and devices, in
 * bounded statements. No decision about a request depends on it: sessions expire without it.
 */
export class Cleanup {
  readonly #cleaned: Cleaned;
  readonly #settings: Settings;
  #underway: Promise<CleanupResult | undefined> | undefined;
  #closed = false;
  #lastSuccess: number | null = null;
  #failingSince: number | null = null;
  #cancelNext: () => void = () => undefined;
  #endPause: () => void = () => undefined;

  constructor(cleaned: Cleaned, settings: Settings) {
    this.#cleaned = cleaned;
    this.#settings = settings;
  }

  get health(): CleanupHealth {
    return { lastSuccess: this.#lastSuccess, failingSince: this.#failingSince };
  }

  /**
   * Starts the timer. The first run happens at a random time within the period, so that nodes that restart often clean up
   * too.
   */
  start(): void {
    if (this.#settings.isCleanupEnabled) this.#schedule(0.1, 1);
  }

  /** Cleans up now. Returns undefined if this or another node is cleaning up. */
  run(): Promise<CleanupResult | undefined> {
    return holdProcess(this.#run(0));
  }

  /** Stops after the running statement, so that another node may continue. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelNext();
    this.#endPause();
    await this.#underway?.catch(() => undefined);
  }

  /** Schedules the next run after a random time between `least` and `most` periods. */
  #schedule(least: number, most: number): void {
    const { clock, cleanupPeriod } = this.#settings;
    const delay = cleanupPeriod * jittered(least, most);
    this.#cancelNext = clock.after(delay, () => void this.#runInTime());
  }

  async #runInTime(): Promise<void> {
    const { cleanupPeriod, report } = this.#settings;
    try {
      // Slightly less than the period, because clocks differ.
      await this.#run(cleanupPeriod * 0.95);
    } catch (error) {
      report({ type: 'failed', task: 'cleanup', error });
    }
    if (!this.#closed) this.#schedule(1, 1.1);
  }

  #run(rest: number): Promise<CleanupResult | undefined> {
    if (this.#closed || this.#underway !== undefined) return Promise.resolve(undefined);
    this.#underway = this.#runAndNote(rest).finally(() => (this.#underway = undefined));
    return this.#underway;
  }

  async #runAndNote(rest: number): Promise<CleanupResult | undefined> {
    const { clock, report } = this.#settings;
    try {
      const result = await this.#runWithLease(rest);
      if (result !== undefined && !this.#closed) {
        this.#noteSuccess(clock.now());
        report({ type: 'cleaned', deleted: result.deleted });
      }
      return result;
    } catch (error) {
      this.#failingSince ??= clock.now();
      throw error;
    }
  }

  #noteSuccess(time: number): void {
    this.#lastSuccess = time;
    if (time >= (this.#failingSince ?? 0)) this.#failingSince = null;
  }

  async #runWithLease(rest: number): Promise<CleanupResult | undefined> {
    const { cleanupLease } = this.#cleaned;
    if (cleanupLease === undefined) return this.#clean(() => Promise.resolve(true));
    const { lease, finishedAt } = await cleanupLease.acquire(rest);
    // Another node may have completed a cleanup after a run of this node failed.
    if (finishedAt !== null) this.#noteSuccess(finishedAt);
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
    const { store, attempts, tokens, knownDevices, trail, log } = this.#cleaned;
    const { clock, report, trailRetention, deviceRetention } = this.#settings;
    const now = clock.now() - writeLag(this.#settings);
    let hibernated = 0;

    const live = () => cutoffsInForce(store, this.#settings, now);
    const deleted = await this.#inChunks(renew, async () => {
      const { idleTimeout } = await store.policy();
      return store.sweep(retainedAt(now, this.#settings, idleTimeout), CHUNK);
    });
    const displaced = await this.#endUnused(renew, await live());
    await this.#inChunks(renew, async () => {
      const { dropped, sessions } = await store.hibernate(await live(), CHUNK);
      hibernated += sessions.length;
      for (const session of sessions) report({ type: 'hibernated', session });
      return dropped;
    });
    await this.#inChunks(renew, () => attempts.prune(retainedAttemptsAt(now, this.#settings), CHUNK));
    await this.#inChunks(renew, () => tokens.prune(now, CHUNK));
    await this.#inChunks(renew, () => knownDevices.prune(now - deviceRetention, CHUNK));
    const kept = { before: now - trailRetention, countedBefore: now - COUNTED_FOR };
    await this.#inChunks(renew, () => trail.prune(kept, CHUNK));
    const pruned = log === undefined ? 0 : await this.#inChunks(renew, () => log.prune(CHUNK));
    return { deleted, displaced, hibernated, pruned };
  }

  /**
   * Ends the sessions beyond `maxSessionsKept` of each user, the longest unused first. Sign-ins take no lock for this, so a
   * user may have more sessions until the next cleanup.
   */
  async #endUnused(renew: () => Promise<boolean>, live: Cutoffs): Promise<number> {
    const { store } = this.#cleaned;
    const { clock, report } = this.#settings;
    const max = mostKept(this.#settings, await store.policy());
    if (max === false) return 0;
    let displaced = 0;
    let after: Owner | undefined;
    const endOf = (owner: Owner) => async () => {
      const ended = await store.endUnused(owner, { max, cutoffs: live, at: clock.now() });
      // The others had expired. Expiry is no event.
      const wereLive = ended.filter(({ endReason }) => endReason === 'displaced');
      await inSlices(wereLive, (slice) => reportEnded(report, slice));
      displaced += wereLive.length;
      return ended.length;
    };
    await this.#inChunks(renew, async () => {
      const { owners, next } = await store.crowded(max, after);
      for (const owner of owners) await this.#inChunks(renew, endOf(owner));
      after = next;
      return next === undefined ? 0 : 1;
    });
    return displaced;
  }

  /** Repeats until nothing is left or the lease is lost. Pauses for a quarter of each statement's duration. */
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

/** The time by which touches in the database may lag, in milliseconds. Sessions are judged as of that long ago. */
export function writeLag({ touchInterval, requestBudget }: Settings): number {
  return touchInterval + FLUSH_EVERY + requestBudget;
}

/**
 * Returns which sessions the cleanup keeps. An expired session is kept as long as an ended one, so that its client learns
 * the reason; but no session is kept that was not used for `inactiveTimeSpan`.
 */
export function retainedAt(
  now: number,
  {
    lifetimes,
    endedRetention,
    inactiveTimeSpan,
  }: Pick<Settings, 'lifetimes' | 'endedRetention' | 'inactiveTimeSpan'>,
  idleTimeout?: number,
): Retained {
  const endedAfter = now - endedRetention;
  const unused = now - inactiveTimeSpan;
  const expired = cutoffs(lifetimes, endedAfter, idleTimeout);
  return {
    endedAfter,
    cutoffs: {
      ...expired,
      short: Math.max(expired.short, unused),
      long: Math.max(expired.long, unused),
    },
  };
}

/** The time for which failures in a row are kept, in milliseconds. */
const FAILURES_KEPT = 24 * 3_600_000;

/** Returns which accounts with sign-in attempts the cleanup keeps. Known addresses are kept as long as unused sessions. */
function retainedAttemptsAt(now: number, { inactiveTimeSpan }: Settings): RetainedAttempts {
  return { failedAfter: now - FAILURES_KEPT, knownAfter: now - inactiveTimeSpan };
}
