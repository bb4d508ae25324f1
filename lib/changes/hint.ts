import { type Clock, withTimeout } from '../clock';
import type { Report } from '../events';
import type { HintHealth } from '../health';

/** Hurries the reading of the log. Dead, late or lying, it changes how soon a node reads, and never what it trusts. */
export interface Hint {
  /** What it is called where its health is told. */
  readonly name: string;
  /** Tells the listener from now on when the log may have grown, until the returned function is called. */
  listen(listener: HintListener): () => void;
  /** Tells the other nodes that the log has grown; absent where others see to that. */
  send?(): Promise<unknown>;
}

/** What a hint tells. It may tell the same more than once. */
export interface HintListener {
  /** The log may have grown. */
  readonly wake: () => void;
  /** It will be told when the log grows. */
  readonly up: () => void;
  /** It will not be told, until `up`. */
  readonly down: (error: unknown) => void;
}

/**
 * How long a message may take, in milliseconds. Without a limit, one that is never answered would keep back all later ones,
 * and nobody would be told.
 */
const SEND_TIMEOUT = 200;

/**
 * One hint as a node uses it. Nothing that goes wrong with it is thrown here; that it goes down, and that it is back, is
 * reported once each.
 */
export class HintLine {
  readonly #hint: Hint;
  readonly #report: Report;
  readonly #clock: Clock;
  readonly #troubles = new Set<'listening' | 'sending'>();
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

  listen(wake: () => void): void {
    try {
      this.#stop = this.#hint.listen({
        wake: () => this.#closed || wake(),
        up: () => this.#good('listening'),
        down: (error) => this.#bad('listening', error),
      });
    } catch (error) {
      this.#bad('listening', error);
    }
  }

  /** Sends one message at a time: while one is on its way, all further ones are one, so that they do not heap up. */
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
      await this.#tell();
      this.#good('sending');
    } catch (error) {
      this.#bad('sending', error);
    }
    const again = this.#sending !== 'one' && !this.#closed;
    this.#sending = 'nothing';
    if (again) this.send();
  }

  async #tell(): Promise<void> {
    const telling = this.#hint.send?.();
    if (telling === undefined) return;
    await withTimeout(telling, {
      clock: this.#clock,
      limit: SEND_TIMEOUT,
      problem: 'The hint took too long to send',
      // Clients keep what they cannot send yet: that it went after all is how their service shows that it is back.
      late: () => this.#good('sending'),
    });
  }

  #turn(): void {
    const up = this.#listening && this.#troubles.size === 0;
    if (up !== this.#up) this.#since = this.#clock.now();
    this.#up = up;
  }

  #good(side: 'listening' | 'sending'): void {
    const wasDown = this.#troubles.delete(side);
    if (side === 'listening') this.#listening = true;
    this.#turn();
    if (wasDown && this.#troubles.size === 0 && !this.#closed) {
      this.#report({ type: 'recovered', task: 'hint' });
    }
  }

  #bad(side: 'listening' | 'sending', error: unknown): void {
    const wasUp = this.#troubles.size === 0;
    this.#troubles.add(side);
    this.#turn();
    if (wasUp && !this.#closed) this.#report({ type: 'failed', task: 'hint', error });
  }
}
