import type { Cache } from '../lru';
import type { CachedSession } from './cached-session';

/** The number of recently used entries that one eviction passes over. It bounds the time of an insertion. */
const MOST_PASSED = 16;

/**
 * Creates a cache that holds at most `max` sessions. When it is full, it drops a session that was not used recently (the
 * algorithm CLOCK). It does not find the least recently used one, as `lru` does: for that, every hit would change the entries of
 * other sessions, which with many sessions takes longer than the rest of the lookup. A hit changes only its own entry.
 */
export function sessionCache(max: number): Cache<CachedSession> {
  return new SessionCache(max);
}

class SessionCache implements Cache<CachedSession> {
  readonly #max: number;
  readonly #entries = new Map<string, CachedSession>();
  /** The hand of the clock, which moves over the entries again and again. */
  #hand: Iterator<CachedSession, undefined> = this.#entries.values();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): CachedSession | undefined {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.isRecent = true;
    return entry;
  }

  set(id: string, entry: CachedSession): void {
    if (this.#entries.size >= this.#max && !this.#entries.has(id)) this.#evict();
    this.#entries.set(id, entry);
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#drop(entry);
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.release();
    this.#entries.clear();
  }

  /** Drops the next entry that was not used since the hand passed it. */
  #evict(): void {
    for (let passed = 0; passed < MOST_PASSED; passed++) {
      const entry = this.#next();
      if (!entry.isRecent || passed === MOST_PASSED - 1) {
        this.#drop(entry);
        return;
      }
      entry.isRecent = false;
    }
  }

  #drop(entry: CachedSession): void {
    this.#entries.delete(entry.sessionId);
    entry.release();
  }

  /** Call it only if there is an entry. */
  #next(): CachedSession {
    const next = this.#hand.next();
    if (next.done !== true) return next.value;
    this.#hand = this.#entries.values();
    return this.#hand.next().value!;
  }
}
