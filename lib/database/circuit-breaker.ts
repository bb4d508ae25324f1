import { systemClock, type Clock } from '../clock';
import { isUnreachable, unavailable } from './failures';

/** The number of consecutive failures after which the circuit opens. */
const MAX_FAILURES = 3;

/** The shortest interval between two probes while the circuit is open, in milliseconds. */
const PROBE_EVERY = 250;

/** The time that a request waits for a probe, in milliseconds. If the probe succeeds within it, the request proceeds. */
const PROBE_WAIT = 5;

/**
 * A circuit breaker for the database. After a few consecutive failures it rejects requests immediately, instead of letting
 * each of them wait for a timeout. While it is open, requests trigger a probe from time to time, and a successful probe
 * closes it. It has no timer of its own, so without requests there are no probes.
 */
export class CircuitBreaker {
  readonly #probe: () => Promise<unknown>;
  readonly #clock: Clock;
  #failures = 0;
  #probing: Promise<void> | undefined;
  #nextProbe = -Infinity;

  /** @param probe Runs a cheap statement. It resolves if the database is available. */
  constructor(probe: () => Promise<unknown>, clock: Clock = systemClock()) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** True while the database is considered unavailable. */
  get open(): boolean {
    return this.#failures >= MAX_FAILURES;
  }

  /**
   * Runs a database operation and counts its outcome.
   * @throws SessionError `store-unavailable` immediately while the circuit is open; otherwise any error of the operation
   */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.open) await this.#waitForProbe();
    if (this.open) {
      throw unavailable(
        new Error('Earlier attempts to reach the database failed, and no probe has succeeded since'),
      );
    }
    try {
      const result = await operation();
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#failures = isUnreachable(error) ? this.#failures + 1 : 0;
      throw error;
    }
  }

  /** Starts a probe if one is due, and waits for the probe in progress, but only for a short time. */
  async #waitForProbe(): Promise<void> {
    if (this.#probing === undefined && this.#clock.monotonic() >= this.#nextProbe) {
      this.#probing = this.#sendProbe().finally(() => (this.#probing = undefined));
    }
    const waited = new Promise<void>((resolve) => this.#clock.after(PROBE_WAIT, resolve));
    await Promise.race([this.#probing, waited]);
  }

  async #sendProbe(): Promise<void> {
    try {
      await this.#probe();
      this.#failures = 0;
    } catch {
      this.#nextProbe = this.#clock.monotonic() + PROBE_EVERY;
    }
  }
}
