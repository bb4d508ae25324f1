import { afterPendingIo, type Clock } from '../clock';
import { plainRefusal } from '../errors';
import type { Health } from '../health';
import { withIpAddresses } from '../session/ip-address';
import { inOrder } from '../session/order';
import type { Revocation } from '../session/revocation';
import { afterUse, type Owner, type StoredSession, type Use } from '../session/session';
import { CachedSession } from './cached-session';
import { ForwardingStore } from './forwarding';
import type {
  AdministeredStore,
  End,
  Ending,
  ListPage,
  MaybePromise,
  Search,
  Touch,
  TouchResult,
} from './store';
import type { UnwrittenUses } from './unwritten-uses';

export interface BufferedOptions {
  readonly clock: Clock;
  /** The number of touches after which a session is written. */
  readonly updateAfterCacheHits: number;
  /** The longest time that a touch may wait to be written, in milliseconds. */
  readonly touchInterval: number;
  /** Writes a due touch at once, and lets `touch` wait for it. */
  readonly touchBeforeResponse: boolean;
  /** Called when touches could not be written. They are kept and written later. */
  readonly onFailure: (error: unknown) => void;
}

/** The interval at which due touches are written, in milliseconds. */
export const FLUSH_EVERY = 1000;

/** The number of times that `close` and `flush` try to write the rest. */
const LAST_ATTEMPTS = 3;

/** The largest number of sessions that one statement touches. */
const BATCH = 5000;

/**
 * The largest number of sessions with unwritten touches, about 12 MB. The limit protects the node's memory if the database
 * accepts no writes for hours.
 */
export const MOST_WAITING = 50_000;

/**
 * Returns a store that keeps touches in memory and writes them together. A session's touches become due after a number of
 * touches, after a time, when it is used for the first time or from a new address, or when it was listed. Due touches are
 * written every second. With `touchBeforeResponse` they are written at once, together with those of the same moment. A failed
 * write is reported, and its request continues: the use was verified, and the touch is kept for the next write.
 *
 * Unwritten touches are visible through this store immediately. The wrapped store lags by at most `touchInterval`,
 * `FLUSH_EVERY` and the time of one write. Touches are lost only if the process is killed, or if more than `MOST_WAITING`
 * sessions wait: then further sessions are not recorded, and `onFailure` reports their number.
 */
export function buffered(inner: AdministeredStore, options: BufferedOptions): AdministeredStore {
  return new BufferedStore(inner, options);
}

const RECORDED: TouchResult = Object.freeze({ ended: Object.freeze([]), skipped: Object.freeze([]) });
const NO_ADDRESSES: readonly string[] = Object.freeze([]);

/** Unwritten touches by the id of their session. */
type Batch = ReadonlyMap<string, UnwrittenUses>;

class BufferedStore extends ForwardingStore {
  readonly #options: BufferedOptions;
  readonly #pending = new Map<string, UnwrittenUses>();
  /** The touches of the statement that is running. */
  #flushing: Batch = new Map();
  /** For each read that is running, the touches that were written since it began. */
  readonly #reads = new Set<Batch[]>();
  /** The write that is running, or the last of those that wait for it. */
  #writing: Promise<void> | undefined;
  /** The next write for requests that wait. It has not started yet. */
  #nextWrite: Promise<void> | undefined;
  #failure: unknown;
  #cancelNext: (() => void) | undefined;
  #closing: Promise<number> | undefined;
  /** The number of touches since the last flush that were not recorded, because too many sessions wait. */
  #unrecorded = 0;

  constructor(inner: AdministeredStore, options: BufferedOptions) {
    super(inner);
    this.#options = options;
  }

  override find(id: string, moment?: number): MaybePromise<StoredSession | undefined> {
    const found = this.inner.find(id, moment);
    if (!(found instanceof Promise)) return found && this.#withPending(found);
    return this.#reading(found, (session, written) => session && this.#withPending(session, written));
  }

  override use(session: StoredSession, use: Use): MaybePromise<StoredSession> {
    const pending = this.#pendingOf(session, use.at);
    if (pending !== undefined) this.#record(pending, use);
    const used = recorded(session, use);
    if (pending !== undefined && pending.entry !== session) pending.entry?.record(use);
    if (!this.#options.touchBeforeResponse || pending === undefined || !this.#isDue(pending)) return used;
    return this.#writeSoon().then(() => used);
  }

  /** Records touches without their sessions. Their sessions count as used before. */
  override touch(touches: readonly Touch[]): MaybePromise<TouchResult> {
    for (const touch of touches) {
      const pending =
        this.#pending.get(touch.id) ?? this.#begin(touch.id, { at: touch.at, previous: touch.at });
      if (pending === undefined) continue;
      this.#record(pending, touch);
      pending.entry?.record(touch);
    }
    const isDue = ({ id }: Touch) => this.#isDue(this.#pending.get(id));
    if (!this.#options.touchBeforeResponse || !touches.some(isDue)) return RECORDED;
    return this.#writeSoon().then(() => RECORDED);
  }

  override list(owner: Owner, page: ListPage): Promise<readonly StoredSession[]> {
    return this.#reading(this.inner.list(owner, page), (sessions, written) =>
      sessions.map((session) => this.#shown(session, written)),
    );
  }

  override read(id: string): Promise<StoredSession | undefined> {
    const read = this.inner.read(id);
    return this.#reading(read, (session, written) => session && this.#shown(session, written));
  }

  /** Adds unwritten touches to the sessions of the page. The page itself is selected by what is written. */
  override search(search: Search): Promise<readonly StoredSession[]> {
    return this.#reading(this.inner.search(search), (sessions, written) =>
      sessions.map((session) => this.#shown(session, written)).sort(inOrder(search.order)),
    );
  }

  override async end(which: Revocation, end: End): Promise<Ending> {
    const ending = await this.inner.end(which, end);
    for (const { sessionId } of ending.ended) this.#take(sessionId);
    return ending;
  }

  override health(): Health {
    const now = this.#options.clock.monotonic();
    const waiting = [...this.#pending.values(), ...this.#flushing.values()];
    const oldest = waiting.reduce((age, { since }) => Math.max(age, now - since), 0);
    return { ...this.inner.health(), touches: { pending: waiting.length, oldest: Math.round(oldest) } };
  }

  override async flush(): Promise<void> {
    const recorded = [...this.#flushing, ...this.#pending].map(([id, { since }]) => ({ id, since }));
    await this.#writeAll();
    if (recorded.some(({ id, since }) => this.#pending.get(id)?.since === since)) {
      throw plainRefusal('store-unavailable', { retryAfter: 1, cause: this.#failure });
    }
    await this.inner.flush();
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
    await this.#writing;
    // A broken connection or a locked row does not mean that the database is down, so one failure is not final.
    for (let attempt = 0; attempt < LAST_ATTEMPTS && this.#pending.size > 0; attempt++) {
      for (const pending of this.#pending.values()) pending.due = true;
      await this.#write();
    }
  }

  /** Passes the result of a read to `complete`, with the touches that were written meanwhile: the read may have missed them. */
  async #reading<Found, Shown>(
    read: Promise<Found>,
    complete: (found: Found, written: readonly Batch[]) => Shown,
  ): Promise<Shown> {
    const written: Batch[] = [];
    this.#reads.add(written);
    try {
      return complete(await read, written);
    } finally {
      this.#reads.delete(written);
    }
  }

  /** Returns the session with its unwritten touches, which become due because somebody sees them. */
  #shown(session: StoredSession, written: readonly Batch[]): StoredSession {
    const pending = this.#pending.get(session.sessionId);
    if (pending !== undefined) pending.due = true;
    return this.#withPending(session, written);
  }

  /** Returns the session as it is after these touches and the unwritten ones. A cache entry records them in place. */
  #withPending(session: StoredSession, written: readonly Batch[] = []): StoredSession {
    if (session instanceof CachedSession) {
      if (session.unwritten?.open !== true) this.#complete(session);
      return session;
    }
    if (session.endedAt !== null) return session;
    const batches = [...written, this.#flushing, this.#pending];
    return batches.reduce((seen, batch) => after(seen, batch.get(session.sessionId)), session);
  }

  /** Adds the unwritten touches to a cache entry that does not contain them yet. */
  #complete(entry: CachedSession): void {
    if (entry.endedAt !== null) return;
    const flushing = entry.unwritten === undefined ? this.#flushing.get(entry.sessionId) : undefined;
    const pending = this.#pending.get(entry.sessionId);
    if (flushing !== undefined) entry.record(flushing);
    if (pending !== undefined) entry.record(pending);
    attach(entry, pending ?? NOTHING);
  }

  /** Returns the unwritten touches of a session that is used. Returns undefined if too many sessions wait. */
  #pendingOf(session: StoredSession, at: number): UnwrittenUses | undefined {
    if (!(session instanceof CachedSession)) return this.#known(session, at);
    if (session.unwritten?.open === true) return session.unwritten;
    const pending = this.#known(session, at);
    if (pending !== undefined) attach(session, pending);
    return pending;
  }

  #known(session: StoredSession, at: number): UnwrittenUses | undefined {
    const { sessionId: id, lastAccessed: previous, idleTimeout } = session;
    const pending = this.#pending.get(id) ?? this.#begin(id, { at, previous });
    if (pending !== undefined && idleTimeout !== null) {
      // As `touchInterval` for `shortLifetime`: with a longer delay, a session in use could seem idle on other nodes.
      pending.dueAt = Math.min(pending.dueAt, pending.since + idleTimeout / 10);
    }
    return pending;
  }

  /** Begins to collect uses. `previous` is the time of the use before, or null for the first use. */
  #begin(
    id: string,
    { at, previous }: { readonly at: number; readonly previous: number | null },
  ): UnwrittenUses | undefined {
    if (this.#pending.size >= MOST_WAITING) return void this.#unrecorded++;
    const since = this.#options.clock.monotonic();
    const pending = {
      at,
      ipAddresses: NO_ADDRESSES,
      node: null,
      hits: 0,
      since,
      dueAt: since + this.#delay(at, previous ?? at),
      // Lists would otherwise show a session that has just begun as one that was never used.
      due: previous === null,
      open: true,
      entry: undefined,
    };
    this.#pending.set(id, pending);
    this.#schedule();
    return pending;
  }

  #record(pending: UnwrittenUses, { at, ipAddresses, node = null }: Use): void {
    if (at >= pending.at) {
      pending.at = at;
      pending.node = node ?? pending.node;
    }
    if (ipAddresses.length > 0) {
      pending.ipAddresses = withIpAddresses(pending.ipAddresses, ipAddresses, null);
      pending.due = true;
    }
    if (++pending.hits >= this.#options.updateAfterCacheHits) pending.due = true;
  }

  /**
   * Returns the time that a session's first unwritten touch may wait. With `touchBeforeResponse`, the time since the written
   * touch counts too, because the process may end after each response.
   */
  #delay(at: number, previous: number): number {
    const { touchInterval, touchBeforeResponse } = this.#options;
    return touchBeforeResponse ? touchInterval - Math.max(0, at - previous) : touchInterval;
  }

  #isDue(pending: UnwrittenUses | undefined): boolean {
    return pending !== undefined && (pending.due || pending.dueAt <= this.#options.clock.monotonic());
  }

  /** Resolves when the touches that are due at this moment are written, or their write has failed. */
  #writeSoon(): Promise<void> {
    if (this.#closing !== undefined) return Promise.resolve();
    this.#nextWrite ??= new Promise<void>((resolve) => afterPendingIo(resolve))
      .then(() => this.#writing)
      .then(() => {
        this.#nextWrite = undefined;
        return this.#write();
      });
    return this.#nextWrite;
  }

  /** Writes what is due, after the writes before it. Only one statement runs at a time. */
  #write(): Promise<void> {
    const written =
      this.#writing === undefined ? this.#writeDue() : this.#writing.then(() => this.#writeDue());
    const writing = written.finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  /** Starts the timer. It runs only while touches wait, so that an unused manager does nothing. */
  #schedule(): void {
    if (this.#closing !== undefined) return;
    this.#cancelNext ??= this.#options.clock.after(FLUSH_EVERY, () => {
      void this.#write().finally(() => {
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

  #dueTouches(): [string, UnwrittenUses][] {
    const crowded = this.#pending.size > MOST_WAITING / 2;
    const now = this.#options.clock.monotonic();
    return [...this.#pending].filter(([, { due, dueAt }]) => crowded || due || dueAt <= now);
  }

  /** Writes one batch. Returns false and keeps its touches if the write failed. */
  async #writeBatch(batch: Batch): Promise<boolean> {
    for (const id of batch.keys()) this.#take(id);
    this.#flushing = batch;
    try {
      const touches = Array.from(batch, ([id, { at, ipAddresses, node }]) => ({ id, at, ipAddresses, node }));
      const { skipped } = await this.inner.touch(touches);
      this.#putBack(skipped);
      for (const written of batch.values()) detach(written);
      for (const written of this.#reads) written.push(batch);
      return true;
    } catch (error) {
      this.#putBack(batch.keys());
      this.#failure = error;
      this.#options.onFailure(error);
      return false;
    } finally {
      this.#flushing = new Map();
    }
  }

  /** Removes the unwritten touches of a session. Later uses are collected anew. */
  #take(id: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.open = false;
    this.#pending.delete(id);
  }

  #putBack(ids: Iterable<string>): void {
    for (const id of ids) {
      const unwritten = this.#flushing.get(id);
      if (unwritten === undefined) continue;
      const newer = this.#pending.get(id);
      if (newer !== undefined) {
        addEarlier(newer, unwritten);
      } else {
        unwritten.open = true;
        this.#pending.set(id, unwritten);
      }
    }
  }
}

/** Marks an entry that contains all uses of the time when it was marked. */
const NOTHING: UnwrittenUses = Object.freeze({
  at: -Infinity,
  ipAddresses: NO_ADDRESSES,
  node: null,
  hits: 0,
  since: 0,
  dueAt: Infinity,
  due: false,
  open: false,
  entry: undefined,
});

function attach(entry: CachedSession, unwritten: UnwrittenUses): void {
  entry.unwritten = unwritten;
  if (unwritten !== NOTHING) unwritten.entry = entry;
}

/** Releases the memory of touches that were written. Touches that were put back, or begun since, stay. */
function detach(written: UnwrittenUses): void {
  if (!written.open && written.entry?.unwritten === written) written.entry.unwritten = NOTHING;
}

/** Returns the session as it is after a use. A cache entry records it in place. */
function recorded(session: StoredSession, use: Use): StoredSession {
  if (!(session instanceof CachedSession)) return afterUse(session, use);
  session.record(use);
  return session;
}

function after(session: StoredSession, unwritten: UnwrittenUses | undefined): StoredSession {
  return unwritten === undefined ? session : afterUse(session, unwritten);
}

function addEarlier(later: UnwrittenUses, earlier: UnwrittenUses): void {
  later.at = Math.max(earlier.at, later.at);
  later.ipAddresses = withIpAddresses(earlier.ipAddresses, later.ipAddresses, null);
  later.node ??= earlier.node;
  later.hits += earlier.hits;
  later.since = earlier.since;
  later.dueAt = earlier.dueAt;
  later.due = true;
}
