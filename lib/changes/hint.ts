import { type Clock, withTimeout } from '../clock';
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
const SEND_TIMEOUT = 200;

/**
 * Wraps a hint for one node. It catches every error of the hint, reports the first failure and the recovery as one event
 * each, and never has more than one notification in flight.
 */
export class MonitoredHint {
  readonly #hint: Hint;
  readonly #report: Report;
  readonly #clock: Clock;
  readonly #failing = new Set<'listening' | 'sending'>();
  #stop: () => void = () => undefined;
  #sending: 'nothing' | 'one' | 'one, and another after it' = 'nothing';
  #closed = false;
  #listening = false;
  #up = false;
  #since: number;

  constructor(hint: Hint, report: Report, clock: Clock) {
    this.#hint = hint;
    this.#report = report;
    this.#clock = clock;
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

  /** Notifies the other nodes. Calls during a notification in flight are merged into one that is sent after it. */
  send(): void {
    if (this.#sending === 'nothing') void this.#send();
    else this.#sending = 'one, and another after it';
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  async #send(): Promise<void> {
    this.#sending = 'one';
    try {
      await this.#sendOne();
      this.#succeed('sending');
    } catch (error) {
      this.#fail('sending', error);
    }
    const again = this.#sending !== 'one' && !this.#closed;
    this.#sending = 'nothing';
    if (again) this.send();
  }

  async #sendOne(): Promise<void> {
    const sent = this.#hint.send?.();
    if (sent === undefined) return;
    await withTimeout(sent, {
      clock: this.#clock,
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
