import { systemClock, withTimeout, type Clock } from '../clock';
import type { Report } from '../events';
import type { HintHealth } from '../health';

/**
 * A source of notifications that make a node read the change log sooner. A hint that is down, late or wrong changes when a
 * node reads the log, but never how long it trusts its cached sessions.
 */
export interface Hint {
  /** The name of the hint in `health`. */
  readonly name: string;
  /** Notifies the listener whenever the log may have grown, until the returned function is called. */
  listen(listener: HintListener): () => void;
  /** Notifies the other nodes that the log has grown. Leave it out if something else notifies them. */
  send?(): Promise<unknown>;
}

/** The callbacks of a hint. Each may be called several times in a row. */
export interface HintListener {
  /** Call this when the log may have grown. */
  readonly notify: () => void;
  /** Call this when notifications arrive from now on. */
  readonly up: () => void;
  /** Call this when notifications no longer arrive. */
  readonly down: (error: unknown) => void;
}

/** The timeout of one notification, in milliseconds. Without it, an unanswered notification would block all later ones. */
const SEND_TIMEOUT = 1000;

/** The shortest interval between two notifications, in milliseconds. Other nodes do not read the log more often anyway. */
export const SEND_AT_MOST_EVERY = 20;

/**
 * Wraps a hint for one node. It catches every error of the hint, and reports the first failure and the recovery as one event
 * each. It sends the first notification immediately, at most one per interval, and never has more than one in flight.
 */
export class MonitoredHint {
  readonly #hint: Hint;
  readonly #report: Report;
  readonly #clock: Clock;
  readonly #timeouts: Clock;
  readonly #failing = new Set<'listening' | 'sending'>();
  #stop: () => void = () => undefined;
  /** True if a notification is to be sent, because `send()` was called since the last one was. */
  #pending = false;
  #sending: Promise<void> | undefined;
  /** The earliest time of the next notification. */
  #notBefore = -Infinity;
  #endPause: () => void = () => undefined;
  #closed = false;
  #listening = false;
  #up = false;
  #since: number;

  /** @param timeouts The clock of the timeouts. By default they use real timers, even if tests inject a clock elsewhere. */
  constructor(hint: Hint, report: Report, clock: Clock, timeouts = systemClock()) {
    this.#hint = hint;
    this.#report = report;
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#since = clock.now();
  }

  get health(): HintHealth {
    return { name: this.#hint.name, up: this.#up, since: this.#since };
  }

  /** Calls `notify` whenever the log may have grown, until `close()`. */
  listen(notify: () => void): void {
    try {
      this.#stop = this.#hint.listen({
        notify: () => this.#closed || notify(),
        up: () => this.#succeed('listening'),
        down: (error) => this.#fail('listening', error),
      });
    } catch (error) {
      this.#fail('listening', error);
    }
  }

  /**
   * Notifies the other nodes. Calls during a notification in flight, or before the interval has passed, are merged into one
   * notification that is sent afterwards.
   */
  send(): void {
    if (this.#hint.send === undefined || this.#closed) return;
    this.#pending = true;
    this.#sending ??= this.#sendPending();
  }

  /** Stops listening and sends the pending notification. Waits for it, but not longer than its timeout. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    this.#endPause();
    await this.#sending;
  }

  async #sendPending(): Promise<void> {
    while (this.#pending) {
      const early = this.#notBefore - this.#clock.monotonic();
      if (early > 0 && !this.#closed) await this.#pause(early);
      this.#pending = false;
      this.#notBefore = this.#clock.monotonic() + SEND_AT_MOST_EVERY;
      try {
        await this.#sendOne();
        this.#succeed('sending');
      } catch (error) {
        this.#fail('sending', error);
      }
    }
    this.#sending = undefined;
  }

  #pause(length: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(length, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  async #sendOne(): Promise<void> {
    await withTimeout(Promise.resolve(this.#hint.send!()), {
      clock: this.#timeouts,
      limit: SEND_TIMEOUT,
      problem: 'The hint took too long to send a notification',
      // Redis clients queue commands while they are disconnected, so a late success means that Redis is back.
      late: () => this.#succeed('sending'),
    });
  }

  #succeed(side: 'listening' | 'sending'): void {
    const wasDown = this.#failing.delete(side);
    if (side === 'listening') this.#listening = true;
    this.#updateHealth();
    if (wasDown && this.#failing.size === 0 && !this.#closed) {
      this.#report({ type: 'recovered', task: 'hint' });
    }
    // The last notification was lost. The source is back, so another one probably succeeds.
    if (side === 'listening' && this.#failing.has('sending')) this.send();
  }

  #fail(side: 'listening' | 'sending', error: unknown): void {
    const wasUp = this.#failing.size === 0;
    this.#failing.add(side);
    this.#updateHealth();
    if (wasUp && !this.#closed) this.#report({ type: 'failed', task: 'hint', error });
  }

  #updateHealth(): void {
    const up = this.#listening && this.#failing.size === 0;
    if (up !== this.#up) this.#since = this.#clock.now();
    this.#up = up;
  }
}
