import type { Cache } from '../lru';
import type { ChangeFollower, ChangeSet } from '../changes/changes';
import type { Clock } from '../clock';
import type { Health } from '../health';
import { stage, type Cutoffs, type Lifetimes } from '../session/lifetimes';
import type { Revocation } from '../session/revocation';
import { used, type EndedSession, type Owner, type StoredSession } from '../session/session';
import { AbsentIds } from './absent-ids';
import type {
  Admission,
  End,
  Hibernated,
  MaybePromise,
  Policy,
  PolicyPatch,
  Retained,
  Scope,
  Search,
  SearchFilter,
  SessionPatch,
  SessionStore,
  Touch,
  TouchResult,
} from './store';

export interface CachedOptions {
  readonly cache: Cache<StoredSession>;
  /** Tells what others ended or changed, and whether copies may be trusted. Stacked caches share one. */
  readonly follower: ChangeFollower;
  readonly lifetimes: Lifetimes;
  readonly clock: Clock;
}

/**
 * A store that keeps copies of the sessions of the store behind it, so that a warm `find` asks nobody.
 *
 * A copy is used while the follower trusts copies. It may admit; it never refuses for idleness, because the session may
 * have been used elsewhere since: a copy that is not active is read afresh. That a session has *ended* is final, so a
 * copy may say so.
 */
export function cached(inner: SessionStore, options: CachedOptions): SessionStore {
  return new CachedStore(inner, options);
}

/** A session on its way here. What lands leaves a copy, unless the flight was called off in the meantime. */
interface Flight {
  readonly landing: Promise<StoredSession | undefined>;
  readonly started: number;
}

class CachedStore implements SessionStore {
  readonly #inner: SessionStore;
  readonly #cache: Cache<StoredSession>;
  readonly #follower: ChangeFollower;
  readonly #lifetimes: Lifetimes;
  readonly #clock: Clock;
  readonly #absent: AbsentIds;
  readonly #flights = new Map<string, Flight>();
  #policy: Policy | undefined;
  /** How often everything was forgotten: what was asked for before that is no copy any more. */
  #forgottenAll = 0;

  constructor(inner: SessionStore, { cache, follower, lifetimes, clock }: CachedOptions) {
    this.#inner = inner;
    this.#cache = cache;
    this.#follower = follower;
    this.#lifetimes = lifetimes;
    this.#clock = clock;
    this.#absent = new AbsentIds(clock);
    follower.subscribe((change) => this.#apply(change));
  }

  find(id: string): MaybePromise<StoredSession | undefined> {
    const copy = this.#cache.get(id);
    if (copy !== undefined && this.#follower.trusted && this.#serves(copy)) return copy;
    return this.#load(id);
  }

  /** Leaves no copy: with everything, the newcomer may have ended since it was stamped. The store behind it knows. */
  async insert(session: StoredSession, admission: Admission): Promise<readonly EndedSession[]> {
    this.#follower.start();
    const displaced = admission.displaces.map(({ which }) => which);
    try {
      return await this.#ending(displaced, this.#inner.insert(session, admission));
    } finally {
      // Whoever asked before it was there has found nobody, and that is no answer any more.
      this.#forget([session.sessionId]);
    }
  }

  list(owner: Owner): Promise<readonly StoredSession[]> {
    return this.#inner.list(owner);
  }

  async update(id: string, patch: SessionPatch): Promise<boolean> {
    try {
      return await this.#inner.update(id, patch);
    } finally {
      // Also after a failure: the change may have been made and only the answer been lost.
      this.#changed([id]);
    }
  }

  async wake(id: string, at: number, idleSince: number): Promise<boolean> {
    try {
      return await this.#inner.wake(id, at, idleSince);
    } finally {
      this.#changed([id]);
    }
  }

  async touch(touches: readonly Touch[]): Promise<TouchResult> {
    const result = await this.#inner.touch(touches);
    for (const touch of touches) this.#advance(touch);
    this.#forget(result.ended);
    return result;
  }

  end(which: Revocation, end: End): Promise<readonly EndedSession[]> {
    return this.#ending([which], this.#inner.end(which, end));
  }

  async endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void> {
    try {
      await this.#inner.endEverything(scope, end);
    } finally {
      this.#changedEverything();
    }
  }

  search(search: Search): Promise<readonly StoredSession[]> {
    return this.#inner.search(search);
  }

  count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number> {
    return this.#inner.count(filter, cutoffs);
  }

  policy(): MaybePromise<Policy> {
    return this.#policy !== undefined && this.#follower.trusted ? this.#policy : this.#loadPolicy();
  }

  async setPolicy(patch: PolicyPatch): Promise<void> {
    try {
      await this.#inner.setPolicy(patch);
    } finally {
      this.#changedEverything();
    }
  }

  sweep(retained: Retained, limit: number): Promise<number> {
    return this.#inner.sweep(retained, limit);
  }

  async hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    const hibernated = await this.#inner.hibernate(cutoffs, limit);
    this.#forget(hibernated.sessions.map(({ sessionId }) => sessionId));
    return hibernated;
  }

  health(): Health {
    return {
      ...this.#inner.health(),
      cache: { size: this.#cache.size },
      changes: this.#follower.health,
    };
  }

  async close(patience: number): Promise<number> {
    await this.#follower.close();
    this.#cache.clear();
    return this.#inner.close(patience);
  }

  /**
   * Drops the copies of what ends. Those of named sessions go in any case: another node may have been faster, or the answer
   * of an earlier call been lost, and then this call ends nothing and is acknowledged all the same.
   */
  async #ending(
    which: readonly Revocation[],
    ending: Promise<readonly EndedSession[]>,
  ): Promise<readonly EndedSession[]> {
    try {
      const ended = await ending;
      this.#changed(ended.map(({ sessionId }) => sessionId));
      return ended;
    } finally {
      this.#forget(which.flatMap(({ only = [] }) => only));
    }
  }

  #serves(copy: StoredSession): boolean {
    return copy.endedAt !== null || stage(copy, this.#lifetimes, this.#clock.now()) === 'active';
  }

  #load(id: string): MaybePromise<StoredSession | undefined> {
    this.#follower.start();
    if (this.#follower.trusted && this.#absent.has(id)) return undefined;
    const underway = this.#flights.get(id);
    // An older answer is as good as a copy of that age, and no better.
    if (underway !== undefined && this.#clock.monotonic() - underway.started < this.#follower.lease) {
      return underway.landing;
    }
    const found = this.#inner.find(id);
    if (found instanceof Promise) return this.#fly(id, found);
    if (found !== undefined) this.#keep(found);
    return found;
  }

  async #fly(id: string, landing: Promise<StoredSession | undefined>): Promise<StoredSession | undefined> {
    const flight = { landing, started: this.#clock.monotonic() };
    this.#flights.set(id, flight);
    try {
      const session = await landing;
      if (session !== undefined && this.#flights.get(id) === flight) this.#keep(session);
      if (session === undefined && this.#flights.get(id) === flight) this.#absent.note(id, flight.started);
      return session;
    } finally {
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    }
  }

  /** Under its own id: the one that was asked for may be a piece of a request's header, and would keep that alive. */
  #keep(session: StoredSession): void {
    this.#absent.delete(session.sessionId);
    this.#cache.set(session.sessionId, session);
  }

  #apply(change: ChangeSet): void {
    if (change.everything) this.#forgetAll();
    else this.#forget(change.ids);
  }

  async #loadPolicy(): Promise<Policy> {
    this.#follower.start();
    const asked = this.#forgottenAll;
    const policy = await this.#inner.policy();
    if (asked === this.#forgottenAll) this.#policy = policy;
    return policy;
  }

  #forgetAll(): void {
    this.#cache.clear();
    this.#absent.clear();
    this.#flights.clear();
    this.#policy = undefined;
    this.#forgottenAll++;
  }

  /** What this node ended or changed itself. */
  #changed(ids: readonly string[]): void {
    this.#forget(ids);
    if (ids.length > 0) this.#follower.announce();
  }

  #changedEverything(): void {
    this.#forgetAll();
    this.#follower.announce();
  }

  /** Drops the copies, and calls off the flights: what they bring was read before. */
  #forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.#cache.delete(id);
      this.#absent.delete(id);
      this.#flights.delete(id);
    }
  }

  /** Without this a session in constant use would seem idle here, where its copy is never read again. */
  #advance(touch: Touch): void {
    const copy = this.#cache.get(touch.id);
    if (copy !== undefined && copy.endedAt === null) this.#keep(used(copy, touch));
  }
}
