import type { Cache } from '../lru';
import type { ChangeFollower, ChangeSet } from '../changes/changes';
import type { Clock } from '../clock';
import { SessionError } from '../errors';
import type { Health } from '../health';
import type { Lowered } from '../session/assurance';
import { stage, type Cutoffs, type Lifetimes } from '../session/lifetimes';
import type { Revocation } from '../session/revocation';
import type { RotationRules, SecretChange } from '../session/secret-rotation';
import { afterUse, type EndedSession, type Owner, type StoredSession, type Use } from '../session/session';
import type { Data } from '../session/session-data';
import { AbsentIds } from './absent-ids';
import { CachedSession, type DueRules } from './cached-session';
import { ForwardingStore } from './forwarding';
import type {
  AdministeredStore,
  Admission,
  End,
  Ending,
  Hibernated,
  Kept,
  Lowering,
  MaybePromise,
  Policy,
  PolicyPatch,
  Raised,
  Retained,
  Scope,
  SessionPatch,
  Touch,
  TouchResult,
} from './store';

export interface CachedOptions {
  readonly cache: Cache<CachedSession>;
  /** Reports what other nodes ended or changed, and whether cached sessions may be trusted. Stacked caches share one. */
  readonly follower: ChangeFollower;
  readonly lifetimes: Lifetimes;
  readonly rotation: RotationRules;
  readonly clock: Clock;
}

/**
 * Returns a store that caches the sessions of the wrapped store, so that a cached hit needs no query.
 *
 * A cached session is used only while the follower trusts the cache. It may admit a request. It never refuses a request
 * for idleness, because another node may have used the session since: unless it is active, it is read again. An end is
 * final, so a cached session that has ended is used as well.
 */
export function cached(inner: AdministeredStore, options: CachedOptions): AdministeredStore {
  return new CachedStore(inner, options);
}

/**
 * A read of one session that is in progress; concurrent requests share it (single flight). Its result is cached only if
 * the flight is still registered: whatever ends or changes the session removes the registration.
 */
interface Flight {
  readonly result: Promise<StoredSession | undefined>;
  readonly started: number;
}

class CachedStore extends ForwardingStore {
  readonly #cache: Cache<CachedSession>;
  readonly #follower: ChangeFollower;
  readonly #rules: DueRules;
  readonly #clock: Clock;
  readonly #absent: AbsentIds;
  readonly #flights = new Map<string, Flight>();
  #policy: Policy | undefined;
  /** The number of times that the whole cache was cleared. A policy that was read before the last time is not cached. */
  #clearings = 0;

  constructor(inner: AdministeredStore, { cache, follower, lifetimes, rotation, clock }: CachedOptions) {
    super(inner);
    this.#cache = cache;
    this.#follower = follower;
    this.#rules = { lifetimes, rotation };
    this.#clock = clock;
    this.#absent = new AbsentIds(clock);
    follower.subscribe((change) => this.#apply(change));
  }

  override find(id: string, moment = this.#clock.monotonic()): MaybePromise<StoredSession | undefined> {
    const session = this.#cache.get(id);
    if (session !== undefined && this.#mayTrust(moment) && this.#mayServe(session)) return session;
    return this.#load(id);
  }

  override async use(session: StoredSession, use: Use): Promise<StoredSession> {
    await this.touch([{ id: session.sessionId, ...use }]);
    return afterUse(session, use);
  }

  /** Does not cache the new session: `endEverything` may have ended it since it was stamped, and only the database knows. */
  override async insert(session: StoredSession, admission: Admission): Promise<Ending> {
    this.#follower.start();
    const displaced = admission.displaces.map(({ which }) => which);
    try {
      return await this.#ending(displaced, this.inner.insert(session, admission));
    } finally {
      // A read that started before the insert found nothing. Requests must not use that answer from now on.
      this.#evict([session.sessionId]);
    }
  }

  override update(id: string, patch: SessionPatch): Promise<boolean> {
    return this.#changing([id], this.inner.update(id, patch), Boolean);
  }

  override raiseAssurance(id: string, raised: Raised, change?: SecretChange): Promise<boolean> {
    return this.#changing([id], this.inner.raiseAssurance(id, raised, change), Boolean);
  }

  override async lowerAssurance(which: Revocation, lowered: Lowered): Promise<Lowering> {
    const lowering = this.inner.lowerAssurance(which, lowered);
    const result = await this.#changing(which.only ?? [], lowering, ({ ids }) => ids.length > 0);
    this.#evict(result.ids);
    return result;
  }

  override changeData(id: string, change: (data: Data) => Data): Promise<boolean> {
    return this.#changing([id], this.inner.changeData(id, change), Boolean);
  }

  override changeSecret(id: string, change: SecretChange): Promise<boolean> {
    return this.#changing([id], this.inner.changeSecret(id, change), Boolean);
  }

  override wake(id: string, at: number, idleSince: number): Promise<boolean> {
    return this.#changing([id], this.inner.wake(id, at, idleSince), Boolean);
  }

  override bind(id: string, key: string): Promise<boolean> {
    return this.#changing([id], this.inner.bind(id, key), Boolean);
  }

  override confirmBinding(id: string, key: string, at: number): Promise<boolean> {
    return this.#changing([id], this.inner.confirmBinding(id, key, at), Boolean);
  }

  override async touch(touches: readonly Touch[]): Promise<TouchResult> {
    const result = await this.inner.touch(touches);
    for (const touch of touches) {
      // A read in progress may have started before these uses were written.
      this.#flights.delete(touch.id);
      this.#advance(touch);
    }
    this.#evict(result.ended);
    return result;
  }

  override async end(which: Revocation, end: End): Promise<Ending> {
    const ending = await this.#ending([which], this.inner.end(which, end));
    // Sessions that other calls have ended are not in the result. If no ids name them, only the log does.
    if (which.only === undefined && !ending.more) await this.#follower.catchUp();
    return ending;
  }

  override async endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void> {
    try {
      await this.#announcing(this.inner.endEverything(scope, end));
    } finally {
      this.#evictAll();
    }
  }

  override policy(): MaybePromise<Policy> {
    return this.#policy !== undefined && this.#mayTrust(this.#clock.monotonic())
      ? this.#policy
      : this.#loadPolicy();
  }

  override async setPolicy(patch: PolicyPatch): Promise<void> {
    try {
      await this.#announcing(this.inner.setPolicy(patch));
    } finally {
      this.#evictAll();
    }
  }

  override sweep(retained: Retained, limit: number): Promise<number> {
    return this.#announcing(this.inner.sweep(retained, limit), (swept) => swept > 0);
  }

  override async hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    const hibernating = this.inner.hibernate(cutoffs, limit);
    const hibernated = await this.#announcing(hibernating, ({ dropped }) => dropped > 0);
    this.#evict(hibernated.sessions.map(({ sessionId }) => sessionId));
    return hibernated;
  }

  override async endUnused(owner: Owner, kept: Kept): Promise<readonly EndedSession[]> {
    const ended = await this.#announcing(this.inner.endUnused(owner, kept), ({ length }) => length > 0);
    this.#evict(ended.map(({ sessionId }) => sessionId));
    return ended;
  }

  override async erase(owner: Owner, limit: number): Promise<readonly string[]> {
    const erased = await this.#announcing(this.inner.erase(owner, limit), ({ length }) => length > 0);
    this.#evict(erased);
    return erased;
  }

  override health(): Health {
    return {
      ...this.inner.health(),
      cache: { size: this.#cache.size },
      changes: this.#follower.health,
    };
  }

  override async close(timeout: number): Promise<number> {
    await this.#follower.close();
    this.#cache.clear();
    return this.inner.close(timeout);
  }

  /**
   * Evicts the sessions that a call ends. Sessions that are named by id are evicted even if this call did not end them:
   * another node may have been faster, or the response to an earlier call lost, and the caller gets a success all the same.
   */
  async #ending(which: readonly Revocation[], call: Promise<Ending>): Promise<Ending> {
    const named = which.flatMap(({ only = [] }) => only);
    const ending = await this.#changing(named, call, ({ ended }) => ended.length > 0);
    this.#evict(ending.ended.map(({ sessionId }) => sessionId));
    return ending;
  }

  /** Evicts the sessions with these ids after a change, also if it failed: it may be committed, and only the response lost. */
  async #changing<T>(
    ids: readonly string[],
    change: Promise<T>,
    changed: (result: T) => boolean,
  ): Promise<T> {
    try {
      return await this.#announcing(change, changed);
    } finally {
      this.#evict(ids);
    }
  }

  /** Notifies the other nodes after a change that affected sessions, and after a failure, because it may be committed. */
  async #announcing<T>(change: Promise<T>, changed: (result: T) => boolean = () => true): Promise<T> {
    try {
      const result = await change;
      if (changed(result)) this.#follower.announce();
      return result;
    } catch (error) {
      if (!(error instanceof SessionError) || error.code === 'store-unavailable') this.#follower.announce();
      throw error;
    }
  }

  #mayTrust(moment: number): boolean {
    this.#follower.noteUse();
    return this.#follower.trustedAt(moment);
  }

  #mayServe(session: CachedSession): boolean {
    const now = this.#clock.now();
    if (now < session.nothingDueBefore) return true;
    session.renew(this.#rules);
    return session.endedAt !== null || stage(session, this.#rules.lifetimes, now) === 'active';
  }

  #load(id: string): MaybePromise<StoredSession | undefined> {
    this.#follower.start();
    if (this.#follower.trusted && this.#absent.has(id)) return undefined;
    const flight = this.#flights.get(id);
    // The result of an older flight is as stale as a cached session of that age.
    if (flight !== undefined && this.#clock.monotonic() - flight.started < this.#follower.lease) {
      return flight.result;
    }
    const found = this.inner.find(id);
    if (found instanceof Promise) return this.#fly(id, found);
    return found && this.#keep(found);
  }

  async #fly(id: string, result: Promise<StoredSession | undefined>): Promise<StoredSession | undefined> {
    const flight = { result, started: this.#clock.monotonic() };
    this.#flights.set(id, flight);
    try {
      const session = await result;
      if (this.#flights.get(id) !== flight) return session;
      if (session !== undefined) return this.#keep(session);
      this.#absent.note(id, flight.started);
      return undefined;
    } finally {
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    }
  }

  /** Uses the session's own id as key. The requested id may be a slice of a header, and would keep the header in memory. */
  #keep(session: StoredSession): CachedSession {
    const entry = new CachedSession(session, this.#rules);
    this.#absent.delete(entry.sessionId);
    this.#cache.set(entry.sessionId, entry);
    return entry;
  }

  #apply(change: ChangeSet): void {
    if (change.everything) this.#evictAll();
    else this.#evict(change.ids);
  }

  /** Does not start the follower, because cleanup reads the policy too, and a node that only cleans up needs no follower. */
  async #loadPolicy(): Promise<Policy> {
    const clearings = this.#clearings;
    const policy = await this.inner.policy();
    if (clearings === this.#clearings) this.#policy = policy;
    return policy;
  }

  #evictAll(): void {
    this.#cache.clear();
    this.#absent.clear();
    this.#flights.clear();
    this.#policy = undefined;
    this.#clearings++;
  }

  /** Evicts the sessions and unregisters their flights, whose results were read before the change. */
  #evict(ids: readonly string[]): void {
    for (const id of ids) {
      this.#cache.delete(id);
      this.#absent.delete(id);
      this.#flights.delete(id);
    }
  }

  /**
   * Updates the cache entry after a touch. Otherwise a session in constant use would seem idle on this node. An entry that
   * `buffered` updates has recorded the touch already, and later uses too.
   */
  #advance(touch: Touch): void {
    const entry = this.#cache.get(touch.id);
    if (entry?.endedAt === null && entry.unwritten === undefined) entry.record(touch);
  }
}
