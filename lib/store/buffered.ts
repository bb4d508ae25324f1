import type { Clock } from '../clock';
import type { Health } from '../health';
import { withIpAddress } from '../session/ip-address';
import { inOrder } from '../session/order';
import type { Revocation } from '../session/revocation';
import { afterUse, type EndedSession, type Owner, type StoredSession } from '../session/session';
import { ForwardingStore } from './forwarding';
import type { AdministeredStore, End, ListPage, MaybePromise, Search, Touch, TouchResult } from './store';

export interface BufferedOptions {
  readonly clock: Clock;
  /** The number of touches after which a session is written. */
  readonly updateAfterCacheHits: number;
  /** The longest time that a touch may wait to be written, in milliseconds. */
  readonly touchInterval: number;
  /** Called when touches could not be written. They are kept and written later. */
  readonly onFailure: (error: unknown) => void;
}

/** The interval at which due touches are written, in milliseconds. */
export const FLUSH_EVERY = 1000;

/** The number of times that `close` tries to write the rest. */
const LAST_ATTEMPTS = 3;

/** The largest number of sessions that one statement touches. */
const BATCH = 5000;

/**
 * The largest number of sessions with unwritten touches, about 20 MB. The limit protects the node's memory if the database
 * accepts no writes for hours.
 */
export const MOST_WAITING = 100_000;

/**
 * Returns a store that keeps touches in memory and writes them together. A session's touches become due after a number of
 * touches, after a time, when it is used from a new address, or when it was listed. Due touches are written every second.
 *
 * Unwritten touches are visible through this store immediately. The wrapped store lags by at most `touchInterval`,
 * `FLUSH_EVERY` and the time of one write. Touches are lost only if the process is killed, or if more than `MOST_WAITING`
 * sessions wait: then further sessions are not recorded, and `onFailure` reports their number.
 */
export function buffered(inner: AdministeredStore, options: BufferedOptions): AdministeredStore {
  return new BufferedStore(inner, options);
}

/** The unwritten touches of one session, merged into one. */
interface Pending {
  at: number;
  ipAddresses: readonly string[];
  node: string | null;
  hits: number;
  /** When the first of them was recorded, in monotonic time. */
  readonly since: number;
  due: boolean;
}

const RECORDED: TouchResult = Object.freeze({ ended: Object.freeze([]), skipped: Object.freeze([]) });
const NO_ADDRESSES: readonly string[] = Object.freeze([]);

class BufferedStore extends ForwardingStore {
  readonly #options: BufferedOptions;
  readonly #pending = new Map<string, Pending>();
  /** The touches of the statement that is running. */
  #flushing: ReadonlyMap<string, Pending> = new Map();
  #flush: Promise<void> | undefined;
  #cancelNext: (() => void) | undefined;
  #closing: Promise<number> | undefined;
  /** The number of touches since the last flush that were not recorded, because too many sessions wait. */
  #unrecorded = 0;

  constructor(inner: AdministeredStore, options: BufferedOptions) {
    super(inner);
    this.#options = options;
  }

  override find(id: string): MaybePromise<StoredSession | undefined> {
    const found = this.inner.find(id);
    return found instanceof Promise
      ? found.then((session) => session && this.#withPending(session))
      : found && this.#withPending(found);
  }

  override touch(touches: readonly Touch[]): TouchResult {
    for (const touch of touches) this.#record(touch);
    return RECORDED;
  }

  override async list(owner: Owner, page: ListPage): Promise<readonly StoredSession[]> {
    const sessions = await this.inner.list(owner, page);
    return sessions.map((session) => this.#shown(session));
  }

  override async read(id: string): Promise<StoredSession | undefined> {
    const session = await this.inner.read(id);
    return session && this.#shown(session);
  }

  /** Adds unwritten touches to the sessions of the page. The page itself is selected by what is written. */
  override async search(search: Search): Promise<readonly StoredSession[]> {
    const sessions = await this.inner.search(search);
    return sessions.map((session) => this.#withPending(session)).sort(inOrder(search.order));
  }

  override async end(which: Revocation, end: End): Promise<readonly EndedSession[]> {
    const ended = await this.inner.end(which, end);
    for (const { sessionId } of ended) this.#pending.delete(sessionId);
    return ended;
  }

  override health(): Health {
    const now = this.#options.clock.monotonic();
    const waiting = [...this.#pending.values(), ...this.#flushing.values()];
    const oldest = waiting.reduce((age, { since }) => Math.max(age, now - since), 0);
    return { ...this.inner.health(), touches: { pending: waiting.length, oldest: Math.round(oldest) } };
  }

  override close(timeout: number): Promise<number> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  async #close(timeout: number): Promise<number> {
    this.#cancelNext?.();
    const late = new Promise<void>((resolve) => this.#options.clock.after(timeout, resolve));
    await Promise.race([this.#writeAll(), late]);
    const lost = this.#pending.size + this.#flushing.size;
    return lost + (await this.inner.close(timeout));
  }

  async #writeAll(): Promise<void> {
    await this.#flush;
    // A broken connection or a locked row does not mean that the database is down, so one failure is not final.
    for (let attempt = 0; attempt < LAST_ATTEMPTS && this.#pending.size > 0; attempt++) {
      for (const pending of this.#pending.values()) pending.due = true;
      await this.#writeDue();
    }
  }

  /** Returns the session with its unwritten touches, which become due because somebody sees them. */
  #shown(session: StoredSession): StoredSession {
    const pending = this.#pending.get(session.sessionId);
    if (pending !== undefined) pending.due = true;
    return this.#withPending(session);
  }

  /** Returns the session as it is after its unwritten touches. */
  #withPending(session: StoredSession): StoredSession {
    if (session.endedAt !== null) return session;
    const written = after(session, this.#flushing.get(session.sessionId));
    return after(written, this.#pending.get(session.sessionId));
  }

  #record({ id, at, ipAddresses, node = null }: Touch): void {
    let pending = this.#pending.get(id);
    if (pending === undefined) {
      if (this.#pending.size >= MOST_WAITING) return void this.#unrecorded++;
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

  /** Starts the timer. It runs only while touches wait, so that an unused manager does nothing. */
  #schedule(): void {
    if (this.#closing !== undefined) return;
    this.#cancelNext ??= this.#options.clock.after(FLUSH_EVERY, () => {
      this.#flush = this.#writeDue().finally(() => {
        this.#cancelNext = undefined;
        if (this.#pending.size > 0) this.#schedule();
      });
    });
  }

  async #writeDue(): Promise<void> {
    const due = this.#dueTouches();
    let written = true;
    // After a failure the remaining batches wait too: the database is probably down.
    for (let start = 0; start < due.length && written; start += BATCH) {
      written = await this.#writeBatch(new Map(due.slice(start, start + BATCH)));
    }
    if (this.#unrecorded > 0) {
      const problem = `${this.#unrecorded} uses of sessions were not recorded, because those of ${MOST_WAITING} other sessions wait to be written`;
      this.#unrecorded = 0;
      this.#options.onFailure(new Error(problem));
    }
  }

  #dueTouches(): [string, Pending][] {
    const crowded = this.#pending.size > MOST_WAITING / 2;
    const longAgo = this.#options.clock.monotonic() - this.#options.touchInterval;
    return [...this.#pending].filter(([, pending]) => crowded || pending.due || pending.since <= longAgo);
  }

  /** Writes one batch. Returns false and keeps its touches if the write failed. */
  async #writeBatch(batch: ReadonlyMap<string, Pending>): Promise<boolean> {
    for (const id of batch.keys()) this.#pending.delete(id);
    this.#flushing = batch;
    try {
      const touches = Array.from(batch, ([id, { at, ipAddresses, node }]) => ({ id, at, ipAddresses, node }));
      const { skipped } = await this.inner.touch(touches);
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
      const unwritten = this.#flushing.get(id);
      if (unwritten === undefined) continue;
      const newer = this.#pending.get(id);
      this.#pending.set(id, newer === undefined ? unwritten : merged(unwritten, newer));
    }
  }
}

function after(session: StoredSession, pending: Pending | undefined): StoredSession {
  return pending === undefined ? session : afterUse(session, pending);
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
