import type { Clock } from '../clock';

/** For how long an id is known to be nobody's, in milliseconds, counted from when the store was asked. */
const KNOWN_FOR = 1000;

/** Of how many ids that is known at the most. Who guesses ids fills this, and pushes nobody's copy out. */
const MOST = 1000;

/**
 * Ids that the store was asked for in vain, so that a client that goes on with the cookie of a session deleted long ago
 * is not asked for each time.
 *
 * That hides no sign-in: an id cannot be guessed, and nobody is told it before its session can be found, so it is not
 * asked for in vain first. If it were all the same, its session would be let in a second later.
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

  /** The store was asked for the id then, by the monotonic clock, and knew nothing. */
  note(id: string, asked: number): void {
    // The id may be a piece of a request's header, and would keep that alive.
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
