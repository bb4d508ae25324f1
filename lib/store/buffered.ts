import type { Clock } from '../clock';
import type { Health } from '../health';
import { withIpAddress } from '../session/ip-address';
import type { Cutoffs } from '../session/lifetimes';
import type { Revocation } from '../session/revocation';
import { used, type EndedSession, type Owner, type StoredSession } from '../session/session';
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

export interface BufferedOptions {
  readonly clock: Clock;
  /** After how many touches a session is written. */
  readonly updateAfterCacheHits: number;
  /** How long a touch may wait to be written, in milliseconds, however few there are. */
  readonly touchInterval: number;
  /** Told when touches could not be written; they are kept and tried again. */
  readonly onFailure: (error: unknown) => void;
}

/** How often what is due is written, in milliseconds. */
export const FLUSH_EVERY = 1000;

/** How often what is left is tried at the end. */
const LAST_ATTEMPTS = 3;

/** How many sessions one statement touches at the most. */
const BATCH = 5000;

/**
 * Of how many sessions touches wait at the most, some 20 MB: a database that takes no writes for hours must not fill the
 * memory of the node.
 */
export const MOST_WAITING = 100_000;

/**
 * A store that notes touches in memory and writes them together: those of a session are due after so many touches, or
 * after a while, or when it is used from a new address, or when it was listed; all that is due goes every second.
 *
 * What is noted is seen here at once. The store behind trails by `touchInterval`, `FLUSH_EVERY` and the time of one write
 * at the most, and misses it only when the process is killed. While those of `MOST_WAITING` sessions wait, uses of further
 * ones are not noted.
 */
export function buffered(inner: SessionStore, options: BufferedOptions): SessionStore {
  return new BufferedStore(inner, options);
}

/** The touches of one session that are not written yet, as one. */
interface Pending {
  at: number;
  ipAddresses: readonly string[];
  node: string | null;
  hits: number;
  /** When the first of them was noted, by the monotonic clock. */
  readonly since: number;
  due: boolean;
}

const NOTED: TouchResult = Object.freeze({ ended: Object.freeze([]), skipped: Object.freeze([]) });
const NO_ADDRESSES: readonly string[] = Object.freeze([]);

class BufferedStore implements SessionStore {
  readonly #inner: SessionStore;
  readonly #options: BufferedOptions;
  readonly #pending = new Map<string, Pending>();
  /** What a flush has taken and not yet brought home. */
  #flushing: ReadonlyMap<string, Pending> = new Map();
  #flush: Promise<void> | undefined;
  #cancelNext: (() => void) | undefined;
  #closing: Promise<number> | undefined;
  /** How many uses were not noted since the last flush. */
  #unnoted = 0;

  constructor(inner: SessionStore, options: BufferedOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  find(id: string): MaybePromise<StoredSession | undefined> {
    const found = this.#inner.find(id);
    return found instanceof Promise
      ? found.then((session) => session && this.#overlay(session))
      : found && this.#overlay(found);
  }

  touch(touches: readonly Touch[]): TouchResult {
    for (const touch of touches) this.#note(touch);
    return NOTED;
  }

  async list(owner: Owner): Promise<readonly StoredSession[]> {
    const sessions = await this.#inner.list(owner);
    return sessions.map((session) => {
      const pending = this.#pending.get(session.sessionId);
      if (pending !== undefined) pending.due = true;
      return this.#overlay(session);
    });
  }

  insert(session: StoredSession, admission: Admission): Promise<readonly EndedSession[]> {
    return this.#inner.insert(session, admission);
  }

  update(id: string, patch: SessionPatch): Promise<boolean> {
    return this.#inner.update(id, patch);
  }

  wake(id: string, at: number, idleSince: number): Promise<boolean> {
    return this.#inner.wake(id, at, idleSince);
  }

  async end(which: Revocation, end: End): Promise<readonly EndedSession[]> {
    const ended = await this.#inner.end(which, end);
    for (const { sessionId } of ended) this.#pending.delete(sessionId);
    return ended;
  }

  endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void> {
    return this.#inner.endEverything(scope, end);
  }

  search(search: Search): Promise<readonly StoredSession[]> {
    return this.#inner.search(search);
  }

  count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number> {
    return this.#inner.count(filter, cutoffs);
  }

  policy(): MaybePromise<Policy> {
    return this.#inner.policy();
  }

  setPolicy(patch: PolicyPatch): Promise<void> {
    return this.#inner.setPolicy(patch);
  }

  sweep(retained: Retained, limit: number): Promise<number> {
    return this.#inner.sweep(retained, limit);
  }

  hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated> {
    return this.#inner.hibernate(cutoffs, limit);
  }

  health(): Health {
    const now = this.#options.clock.monotonic();
    const waiting = [...this.#pending.values(), ...this.#flushing.values()];
    const oldest = waiting.reduce((age, { since }) => Math.max(age, now - since), 0);
    return { ...this.#inner.health(), touches: { pending: waiting.length, oldest: Math.round(oldest) } };
  }

  close(patience: number): Promise<number> {
    this.#closing ??= this.#close(patience);
    return this.#closing;
  }

  async #close(patience: number): Promise<number> {
    this.#cancelNext?.();
    const late = new Promise<void>((resolve) => this.#options.clock.after(patience, resolve));
    await Promise.race([this.#writeAll(), late]);
    const lost = this.#pending.size + this.#flushing.size;
    return lost + (await this.#inner.close(patience));
  }

  async #writeAll(): Promise<void> {
    await this.#flush;
    // A connection may break, and a row be in somebody's hands, just then: that is no database that is away.
    for (let attempt = 0; attempt < LAST_ATTEMPTS && this.#pending.size > 0; attempt++) {
      for (const pending of this.#pending.values()) pending.due = true;
      await this.#write();
    }
  }

  /** The session as it is with what is noted of it. */
  #overlay(session: StoredSession): StoredSession {
    if (session.endedAt !== null) return session;
    const written = overlaid(session, this.#flushing.get(session.sessionId));
    return overlaid(written, this.#pending.get(session.sessionId));
  }

  #note({ id, at, ipAddresses, node = null }: Touch): void {
    let pending = this.#pending.get(id);
    if (pending === undefined) {
      if (this.#pending.size >= MOST_WAITING) return void this.#unnoted++;
      const since = this.#options.clock.monotonic();
      pending = { at, ipAddresses: NO_ADDRESSES, node, hits: 0, since, due: false };
      this.#pending.set(id, pending);
      this.#schedule();
    }
    if (at >= pending.at) {
      pending.at = at;
      pending.node = node ?? pending.node;
    }
    if (ipAddresses.length > 0) {
      pending.ipAddresses = ipAddresses.reduce(withIpAddress, pending.ipAddresses);
      pending.due = true;
    }
    if (++pending.hits >= this.#options.updateAfterCacheHits) pending.due = true;
  }

  /** The timer runs only while something waits, so that an unused manager does nothing. */
  #schedule(): void {
    if (this.#closing !== undefined) return;
    this.#cancelNext ??= this.#options.clock.after(FLUSH_EVERY, () => {
      this.#flush = this.#write().finally(() => {
        this.#cancelNext = undefined;
        if (this.#pending.size > 0) this.#schedule();
      });
    });
  }

  async #write(): Promise<void> {
    const due = this.#takeDue();
    let written = true;
    // After a failure the rest waits with what failed: a database that is away need not be asked for each piece.
    for (let taken = 0; taken < due.length && written; taken += BATCH) {
      written = await this.#writeBatch(new Map(due.slice(taken, taken + BATCH)));
    }
    if (this.#unnoted > 0) {
      const problem = `${this.#unnoted} uses of sessions were not noted: those of ${MOST_WAITING} others wait to be written`;
      this.#unnoted = 0;
      this.#options.onFailure(new Error(problem));
    }
  }

  #takeDue(): [string, Pending][] {
    const crowded = this.#pending.size > MOST_WAITING / 2;
    const longAgo = this.#options.clock.monotonic() - this.#options.touchInterval;
    return [...this.#pending].filter(([, pending]) => crowded || pending.due || pending.since <= longAgo);
  }

  /** Whether it was written. What was not is kept. */
  async #writeBatch(batch: ReadonlyMap<string, Pending>): Promise<boolean> {
    for (const id of batch.keys()) this.#pending.delete(id);
    this.#flushing = batch;
    try {
      const touches = Array.from(batch, ([id, { at, ipAddresses, node }]) => ({ id, at, ipAddresses, node }));
      const { skipped } = await this.#inner.touch(touches);
      this.#putBack(skipped);
      return true;
    } catch (error) {
      this.#putBack(batch.keys());
      this.#options.onFailure(error);
      return false;
    } finally {
      this.#flushing = new Map();
    }
  }

  #putBack(ids: Iterable<string>): void {
    for (const id of ids) {
      const taken = this.#flushing.get(id);
      if (taken === undefined) continue;
      const noted = this.#pending.get(id);
      this.#pending.set(id, noted === undefined ? taken : merged(taken, noted));
    }
  }
}

function overlaid(session: StoredSession, pending: Pending | undefined): StoredSession {
  return pending === undefined ? session : used(session, pending);
}

function merged(earlier: Pending, later: Pending): Pending {
  return {
    at: Math.max(earlier.at, later.at),
    ipAddresses: later.ipAddresses.reduce(withIpAddress, earlier.ipAddresses),
    node: later.node ?? earlier.node,
    hits: earlier.hits + later.hits,
    since: earlier.since,
    due: true,
  };
}
