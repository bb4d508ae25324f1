import { AsyncLocalStorage } from 'node:async_hooks';

import type { Clock } from '../clock';

/**
 * The outcome of a request that tries to sign in.
 * - `failed`: no session was opened.
 * - `undecided`: it was no failure of the client. A second factor is missing, the session could not be opened although the
 *   credentials were right, the server had an error, or the client disconnected.
 * - `succeeded`: a session was opened or revived.
 */
export type Outcome = 'failed' | 'undecided' | 'succeeded';

const current = new AsyncLocalStorage<Attempt>();

/**
 * A request that tries to sign in. Limits count attempts by their outcome, not by the status of the response: an app may
 * answer a wrong password with a redirect, and a protocol may answer everything with 200.
 */
export class Attempt {
  #outcome: Outcome = 'failed';
  #isOver = false;
  readonly #clock: Clock;
  #credentialsCheckedAt: number;
  #listeners: ((outcome: Outcome) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#credentialsCheckedAt = clock.monotonic();
  }

  /** The longest time since the credentials were checked, in milliseconds. They were not checked before the attempt began. */
  get credentialsAge(): number {
    return this.#clock.monotonic() - this.#credentialsCheckedAt;
  }

  /** Records that the credentials were checked or set just now. */
  recheckCredentials(): void {
    this.#credentialsCheckedAt = this.#clock.monotonic();
  }

  /** Calls `call`. Sessions that are opened in it, also asynchronously, decide this attempt. */
  during(call: () => void): void {
    current.run(this, call);
  }

  /** Sets the outcome so far. */
  decide(outcome: Outcome): void {
    this.#outcome = outcome;
  }

  /**
   * Calls the listener once, with the outcome, when the attempt is over. The attempt can be over already, because the client
   * left while a limiter was counting.
   */
  whenOver(listener: (outcome: Outcome) => void): void {
    if (this.#isOver) listener(this.#outcome);
    else this.#listeners.push(listener);
  }

  /** Ends the attempt. If `refused` is false, the response did not refuse it, so that it cannot have failed. */
  end(refused: boolean): void {
    if (this.#outcome === 'failed' && !refused) this.#outcome = 'undecided';
    this.#isOver = true;
    for (const listener of this.#listeners.splice(0)) listener(this.#outcome);
  }
}

/** Returns the attempt that the current call belongs to, if any. */
export function currentAttempt(): Attempt | undefined {
  return current.getStore();
}
