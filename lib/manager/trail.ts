import { afterPendingIo } from '../clock';
import { unawaited } from '../events';
import { invalidRequest } from '../errors';
import { checkNames, type Names } from '../options/reader';
import type { Settings } from '../options/settings';
import { keyedHash, type Keys } from '../session/keyed-hash';
import { checkedOwner } from '../session/revocation';
import type { Owner } from '../session/session';
import { capped, text } from '../session/text';
import { REPEATED, type RefusedReason, type RepeatedFailures, type TrailEntry } from '../session/trail-entry';
import { wholeNumber } from '../session/whole-number';
import { MOST_TAKEN } from '../store/store';
import type { ObservedChange, Trail } from '../store/trail';
import { accountName } from './account-limit';
import { LONGEST_USER_AGENT } from '../session/device/describe';

/** The page of a list of entries. */
export interface TrailOptions {
  /** The largest number of entries on the page: 1 to 1,000. Default: 50. */
  readonly limit?: number | undefined;
  /** The `next` of the previous page. Default: the newest entries. */
  readonly after?: string | undefined;
}

/** A search in the trail of all users. */
export interface TrailSearch extends TrailOptions {
  /** Only the entries of this user. Default: all entries. */
  readonly owner?: Owner | undefined;
}

/** One page of the trail, newest entry first. */
export interface TrailPage {
  /** The entries. There can be fewer than requested although `next` is present, because some are hidden. */
  readonly entries: readonly TrailEntry[];
  /** The `after` of the next page. Absent on the last page. */
  readonly next?: string;
}

/** A failed attempt to sign in, as the app reports it. */
export interface FailedAttempt {
  /** The name as it was typed. Only its keyed hash is stored. */
  readonly name?: string | null | undefined;
  /** The user whom the app found by the name. Only attempts with an owner appear in a user's own trail. */
  readonly owner?: Owner | undefined;
  readonly ipAddress?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
}

const DEFAULT_LIMIT = 50;

/** The interval at which refused requests are written, in milliseconds. */
const WRITE_EVERY = 1000;

/** The number of sessions whose refused requests are written at once. Those of further sessions are not counted. */
const MOST_REFUSED = 100;

/** The origin of a refused request. Without a user agent, the entry has that of the session. */
export interface RefusedFrom {
  readonly ipAddress?: string | null | undefined;
  readonly userAgent?: string | null;
}

/** Refused requests for one session that are not written yet. */
interface Refusals {
  readonly sessionId: string;
  readonly reason: RefusedReason;
  ipAddress: string | null;
  userAgent: string | null;
  times: number;
}

/** Reads the trail, and writes the entries that do not belong to an act in the database. */
export class SessionTrail {
  readonly #trail: Trail;
  readonly #keys: Keys;
  readonly #settings: Settings;
  #refused = new Map<string, Refusals>();
  #writing: Promise<void> | undefined;
  #cancelWrite: (() => void) | undefined;

  constructor(trail: Trail, keys: Keys, settings: Settings) {
    this.#trail = trail;
    this.#keys = keys;
    this.#settings = settings;
  }

  /** Returns a page as the owner sees it: without the entries of clients that the options hide, so that it can be shorter. */
  async listShown(owner: Owner, page: TrailOptions): Promise<TrailPage> {
    checkNames('trail', page, TRAIL_OPTIONS);
    const { clientBlacklist } = this.#settings;
    const { entries, ...rest } = await this.list({ ...page, owner });
    const isShown = ({ clientId }: TrailEntry) => clientId === null || !clientBlacklist.includes(clientId);
    return { entries: entries.filter(isShown), ...rest };
  }

  async list({ owner, limit = DEFAULT_LIMIT, after, ...others }: TrailSearch): Promise<TrailPage> {
    checkNames('trail', others, {});
    const take = wholeNumber('limit', limit, 1, MOST_TAKEN);
    const found = await this.#trail.list({
      owner: owner && checkedOwner(owner),
      take: take + 1,
      before: after === undefined ? undefined : entryId(after),
    });
    const entries = found.slice(0, take).map(withoutOwnActor);
    return { entries, ...(found.length > take && { next: entries.at(-1)!.id }) };
  }

  /** Writes a failed attempt. Never throws because of the database, because the response must not depend on it. */
  async noteFailed({ name, owner, ipAddress: from, userAgent }: FailedAttempt): Promise<void> {
    const whose = owner && checkedOwner(owner);
    const typed = name === undefined || name === null ? undefined : String(name);
    const { clock, keptAddress, report } = this.#settings;
    try {
      const failure = {
        event: 'sign-in-failed',
        owner: whose,
        nameHash: typed === undefined ? null : await this.#hashOf(typed),
        ipAddress: keptAddress(from),
        userAgent: capped(userAgent, LONGEST_USER_AGENT),
      } as const;
      const count = await this.#trail.note(failure, clock.now());
      if (whose !== undefined && count === REPEATED) {
        this.#callHook({ owner: whose, count, ipAddress: failure.ipAddress });
      }
    } catch (error) {
      report({ type: 'failed', task: 'trail', error });
    }
  }

  /**
   * Writes a change within a session, as `observe` of `Trail`.
   * @throws SessionError `store-unavailable`
   */
  observe(change: ObservedChange): Promise<number> {
    return this.#trail.observe(change, this.#settings.clock.now());
  }

  forget(sessionId: string, keys: readonly string[]): Promise<void> {
    return this.#trail.forget(sessionId, keys);
  }

  erase(owner: Owner, limit: number): Promise<number> {
    return this.#trail.erase(owner, limit);
  }

  /**
   * Notes that a request for a live session was refused. It is counted after the response, so that the time of the response does not
   * reveal that the session lives, and written within a second.
   */
  noteRefused(
    sessionId: string,
    reason: RefusedReason,
    { ipAddress: from, userAgent = null }: RefusedFrom,
  ): void {
    const ipAddress = this.#settings.keptAddress(from);
    afterPendingIo(() => this.#countRefused({ sessionId, reason, ipAddress, userAgent, times: 1 }));
  }

  #countRefused(refused: Refusals): void {
    const key = `${refused.reason} ${refused.sessionId}`;
    const known = this.#refused.get(key);
    if (known !== undefined) {
      const { ipAddress, userAgent } = refused;
      Object.assign(known, { ipAddress, userAgent, times: known.times + 1 });
    } else if (this.#refused.size < MOST_REFUSED) {
      this.#refused.set(key, refused);
    }
    this.#cancelWrite ??= this.#settings.clock.after(WRITE_EVERY, () => void this.flush());
  }

  /** Writes the refused requests that are not written yet. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => afterPendingIo(resolve));
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    const before = this.#writing ?? Promise.resolve();
    return (this.#writing = before.then(() => this.#write()));
  }

  /** As `flush`, but waits at most `timeout` milliseconds, also for writes of others. */
  async close(timeout: number, others: Promise<void>): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#settings.clock.after(timeout, resolve)));
    await Promise.race([Promise.all([this.flush(), others]), late]);
    cancel();
  }

  async #write(): Promise<void> {
    const { clock, report } = this.#settings;
    const refused = this.#refused;
    this.#refused = new Map();
    try {
      for (const each of refused.values()) await this.#trail.note({ event: 'refused', ...each }, clock.now());
    } catch (error) {
      report({ type: 'failed', task: 'trail', error });
    }
  }

  async #hashOf(name: string): Promise<string> {
    const [key] = await this.#keys();
    return keyedHash(key, 'account', accountName(name));
  }

  #callHook(failures: RepeatedFailures): void {
    const { onRepeatedFailures, report } = this.#settings;
    if (onRepeatedFailures === undefined) return;
    const failed = (error: unknown) => report({ type: 'failed', task: 'hook', error });
    unawaited(() => onRepeatedFailures(failures), failed);
  }
}

/** A session records its owner as the actor of a sign-out. In the trail, an actor is somebody else. */
function withoutOwnActor(entry: TrailEntry): TrailEntry {
  return entry.actor !== null && entry.actor === entry.userId ? { ...entry, actor: null } : entry;
}

const TRAIL_OPTIONS: Names<TrailOptions> = { limit: true, after: true };

/** @throws SessionError `invalid-request` */
function entryId(after: string): string {
  if (/^[1-9]\d{0,17}$/.test(text('after', after, 18))) return after;
  throw invalidRequest('after', '"{name}" must be the "next" value of a page.');
}
