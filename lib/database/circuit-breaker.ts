import { systemClock, type Clock } from '../clock';
import { isUnreachable, unavailable } from './failures';

/** After so many failures in a row the database counts as away. */
const MOST_FAILURES = 3;

/** How often it is tried then, in milliseconds: by a probe, so that no request waits for it. */
const PROBE_EVERY = 250;

/** How long a request waits for a probe, in milliseconds: when the database is back, it passes. */
const PROBE_WAIT = 5;

/**
 * Keeps requests from waiting for a database that does not answer: the first few find that out, and those that follow are
 * refused at once, until a probe is answered. Nothing happens by itself: it is requests that send the probes.
 */
export class CircuitBreaker {
  readonly #probe: () => Promise<unknown>;
  readonly #clock: Clock;
  #failures = 0;
  #probing: Promise<void> | undefined;
  #nextProbe = -Infinity;

  constructor(probe: () => Promise<unknown>, clock: Clock = systemClock()) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Whether the database counts as away. */
  get open(): boolean {
    return this.#failures >= MOST_FAILURES;
  }

  /** @throws SessionError `store-unavailable` at once while the database is away; whatever the act throws */
  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.open) await this.#chance();
    if (this.open)
      throw unavailable(
        new Error('The database did not answer before, and no probe has been answered since'),
      );
    try {
      const result = await act();
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#failures = isUnreachable(error) ? this.#failures + 1 : 0;
      throw error;
    }
  }

  /** A short wait for a probe that is under way, or begins here. */
  async #chance(): Promise<void> {
    if (this.#probing === undefined && this.#clock.monotonic() >= this.#nextProbe) {
      this.#probing = this.#send().finally(() => (this.#probing = undefined));
    }
    const waited = new Promise<void>((resolve) => this.#clock.after(PROBE_WAIT, resolve));
    await Promise.race([this.#probing, waited]);
  }

  async #send(): Promise<void> {
    try {
      await this.#probe();
      this.#failures = 0;
    } catch {
      this.#nextProbe = this.#clock.monotonic() + PROBE_EVERY;
    }
  }
}
