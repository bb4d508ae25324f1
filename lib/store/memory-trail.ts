import { lru } from '../lru';
import type { Revocation } from '../session/revocation';
import {
  currentIpAddress,
  sameOwner,
  type EndedSession,
  type Owner,
  type StoredSession,
} from '../session/session';
import type { TrailEntry } from '../session/trail-entry';
import { ForwardingStore } from './forwarding';
import type { AdministeredStore, Admission, End, Ending, Kept, Raised, Scope } from './store';
import {
  changesOf,
  COUNTED_FOR,
  counterOf,
  failuresOf,
  LISTED_COUNTS,
  MOST_REMEMBERED,
  type NotedFailure,
  type ObservedChange,
  type RetainedTrail,
  type Trail,
  type TrailQuery,
} from './trail';

/** The largest number of entries in memory. The oldest is dropped. */
const MOST_ENTRIES = 100_000;

/** The largest number of sessions whose changes are remembered. */
const MOST_CHANGED = 10_000;

/** The scope of an entry about everything: see `Scope`. */
interface Recorded {
  readonly entry: TrailEntry;
  readonly scope?: Scope | undefined;
}

interface Counter {
  readonly since: number;
  readonly count: number;
}

/**
 * Returns a store that records in a trail in the memory of this process, and the trail, for managers without a database. In a
 * database, the trail is written by triggers instead.
 */
export function withMemoryTrail(inner: AdministeredStore): {
  readonly store: AdministeredStore;
  readonly trail: Trail;
} {
  const store = new RecordingStore(inner);
  return { store, trail: store.trail };
}

class RecordingStore extends ForwardingStore {
  readonly trail = new MemoryTrail((id) => this.inner.find(id));

  override async insert(session: StoredSession, admission: Admission): Promise<Ending> {
    const ending = await this.inner.insert(session, admission);
    await this.#recordEnded(ending.ended, session.signedIn);
    if (!ending.more) {
      this.trail.record({
        ...describing(session),
        event: 'signed-in',
        at: session.signedIn,
        actor: session.actor,
      });
    }
    return ending;
  }

  override async raiseAssurance(id: string, raised: Raised): Promise<boolean> {
    const isRaised = await super.raiseAssurance(id, raised);
    const session = isRaised ? await this.inner.find(id) : undefined;
    const { at, from: ipAddress } = raised;
    if (session !== undefined) {
      this.trail.record({ ...describing(session), event: 'reauthenticated', at, ipAddress });
    }
    return isRaised;
  }

  override async wake(id: string, at: number, idleSince: number): Promise<boolean> {
    const woken = await this.inner.wake(id, at, idleSince);
    const session = woken ? await this.inner.find(id) : undefined;
    if (session !== undefined) this.trail.record({ ...describing(session), event: 'woken', at });
    return woken;
  }

  override async end(which: Revocation, end: End): Promise<Ending> {
    const ending = await this.inner.end(which, end);
    await this.#recordEnded(ending.ended, end.at);
    return ending;
  }

  override async endUnused(owner: Owner, kept: Kept): Promise<readonly EndedSession[]> {
    const ended = await this.inner.endUnused(owner, kept);
    await this.#recordEnded(ended, kept.at);
    return ended;
  }

  override async changeCredentials(owner: Owner, at: number): Promise<void> {
    await this.inner.changeCredentials(owner, at);
    const { userId, tenantId = null } = owner;
    this.trail.record({ userId, tenantId, event: 'credential-changed', at });
  }

  override async endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void> {
    await this.inner.endEverything(scope, end);
    const { at, by: actor } = end;
    this.trail.record({ event: 'everything-ended', reason: 'administrator', at, actor }, scope);
  }

  async #recordEnded(ended: readonly EndedSession[], at: number): Promise<void> {
    for (const { sessionId, endReason: reason, endedBy: actor } of ended) {
      const session = await this.inner.find(sessionId);
      if (session !== undefined) {
        this.trail.record({ ...describing(session), event: 'ended', at, reason, actor });
      }
    }
  }
}

/** Returns the parts of a session that its entries contain. */
function describing(session: StoredSession): Partial<TrailEntry> {
  const { userId, tenantId, sessionId, clientId, device, userAgent } = session;
  return { userId, tenantId, sessionId, clientId, device, userAgent, ipAddress: currentIpAddress(session) };
}

class MemoryTrail implements Trail {
  readonly #find: AdministeredStore['find'];
  readonly #counters = new Map<string, Counter>();
  /** The keys of the changes of each session. */
  readonly #changes = lru<readonly string[]>(MOST_CHANGED);
  #recorded: Recorded[] = [];
  #lastId = 0;

  constructor(find: AdministeredStore['find']) {
    this.#find = find;
  }

  record(entry: Pick<TrailEntry, 'event' | 'at'> & Partial<TrailEntry>, scope?: Scope): void {
    const id = String(++this.#lastId);
    this.#recorded.push({ entry: Object.freeze({ ...EMPTY, ...entry, id }), scope });
    if (this.#recorded.length > MOST_ENTRIES) this.#recorded.shift();
  }

  async list({ owner, take, before }: TrailQuery): Promise<readonly TrailEntry[]> {
    return this.#recorded
      .filter(({ entry }) => before === undefined || Number(entry.id) < Number(before))
      .filter((recorded) => owner === undefined || concerns(recorded, owner))
      .slice(-take)
      .reverse()
      .map(({ entry }) => entry);
  }

  async note(failure: NotedFailure, at: number): Promise<number> {
    const entry = await this.#entryOf(failure);
    if (entry === undefined) return 0;
    const times = failure.event === 'refused' ? failure.times : 1;
    return this.#count(counterOf(failure), times, { ...entry, event: failure.event, at });
  }

  async observe(change: ObservedChange, at: number): Promise<number> {
    const { sessionId, type: reason, key, before, after, ipAddress, userAgent } = change;
    const session = await this.#find(sessionId);
    const known = this.#changes.get(sessionId) ?? [];
    if (session === undefined || known.includes(key)) return 0;
    this.#changes.set(sessionId, [...known, key].slice(-MOST_REMEMBERED));
    const observed = { ...describing(session), reason, before, after, ipAddress, userAgent };
    return this.#count(changesOf(change), 1, { ...observed, event: 'signal', at });
  }

  async forget(sessionId: string, keys: readonly string[]): Promise<void> {
    const known = this.#changes.get(sessionId) ?? [];
    this.#changes.set(
      sessionId,
      known.filter((key) => !keys.includes(key)),
    );
  }

  /** Counts acts, and records the entry if their number reaches one that is listed. Returns the number. */
  #count(counter: string, times: number, entry: Omit<Parameters<MemoryTrail['record']>[0], 'count'>): number {
    const { at } = entry;
    const known = this.#counters.get(counter);
    const current = known === undefined || known.since <= at - COUNTED_FOR ? { since: at, count: 0 } : known;
    const count = current.count + times;
    this.#counters.set(counter, { ...current, count });
    const isListed = LISTED_COUNTS.some((listed) => listed > current.count && listed <= count);
    if (isListed) this.record({ ...entry, count });
    return count;
  }

  async prune({ before, countedBefore }: RetainedTrail, limit: number): Promise<number> {
    const old = this.#recorded.slice(0, limit).filter(({ entry }) => entry.at <= before);
    const forgotten = [...this.#counters].filter(([, { since }]) => since <= countedBefore).slice(0, limit);
    this.#recorded = this.#recorded.filter((recorded) => !old.includes(recorded));
    for (const [counter] of forgotten) this.#counters.delete(counter);
    return old.length + forgotten.length;
  }

  async erase(owner: Owner, limit: number): Promise<number> {
    const own = this.#recorded.filter(({ entry }) => isOf(entry, owner)).slice(0, limit);
    this.#recorded = this.#recorded.filter((recorded) => !own.includes(recorded));
    this.#counters.delete(failuresOf(owner));
    return own.length;
  }

  async #entryOf(failure: NotedFailure): Promise<Partial<TrailEntry> | undefined> {
    const { ipAddress } = failure;
    if (failure.event === 'sign-in-failed') {
      const { owner, nameHash, userAgent } = failure;
      return {
        userId: owner?.userId ?? null,
        tenantId: owner?.tenantId ?? null,
        nameHash,
        ipAddress,
        userAgent,
      };
    }
    const session = await this.#find(failure.sessionId);
    return session && { ...describing(session), reason: failure.reason, ipAddress };
  }
}

function isOf({ userId, tenantId }: TrailEntry, owner: Owner): boolean {
  return userId !== null && sameOwner({ userId, tenantId }, owner);
}

function concerns({ entry, scope }: Recorded, owner: Owner): boolean {
  if (scope === undefined) return isOf(entry, owner);
  return scope.tenantId === undefined || scope.tenantId === (owner.tenantId ?? null);
}

const EMPTY: Omit<TrailEntry, 'id' | 'at' | 'event'> = {
  userId: null,
  tenantId: null,
  sessionId: null,
  reason: null,
  actor: null,
  clientId: null,
  device: null,
  userAgent: null,
  ipAddress: null,
  before: null,
  after: null,
  nameHash: null,
  count: 1,
};
