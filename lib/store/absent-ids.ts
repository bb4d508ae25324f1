import type { Clock } from '../clock';

/** How long an id counts as absent, in milliseconds after the query. */
const KNOWN_FOR = 1000;

/** The largest number of absent ids. Clients that guess ids fill this map, but evict no cached session. */
const MOST = 1000;

/**
 * Remembers ids that the database did not contain (tombstones), so that a client with the cookie of a deleted session does
 * not cause a query with every request.
 *
 * This cannot hide a new session: ids cannot be guessed, and a client learns its id only after the row was inserted. Should
 * an id be requested earlier after all, its session is found one second later.
 */
export class AbsentIds {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(id: string): boolean {
    const until = this.#until.get(id);
    return until !== undefined && this.#clock.monotonic() < until;
  }

  /** Records that the database did not contain the id. `asked` is the monotonic time of the query. */
  note(id: string, asked: number): void {
    // Copies the id, which may be a slice of a header and would keep the header in memory.
    const own = Buffer.from(id, 'latin1').toString('latin1');
    this.#until.delete(own);
    this.#until.set(own, asked + KNOWN_FOR);
    if (this.#until.size > MOST) this.#until.delete(this.#until.keys().next().value!);
  }

  delete(id: string): void {
    this.#until.delete(id);
  }

  clear(): void {
    this.#until.clear();
  }
}
