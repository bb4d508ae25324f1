import type { Clock } from '../clock';
import { milliseconds, type Duration } from '../session/duration';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/**
 * A clock that stands still until a test advances it. Pass it to the manager: `createIdentitySessionManager({ clock })`. Unlike
 * fake timers of a test runner, it does not affect the app, its Knex or its HTTP client.
 */
export class TestClock implements Clock {
  #elapsed = 0;
  #timers: Timer[] = [];
  readonly #start: number;

  /** @param start The first time, as a date or in milliseconds since 1970. Default: 15 January 2026, 12:00 UTC. */
  constructor(start: Date | number = Date.UTC(2026, 0, 15, 12)) {
    this.#start = Number(start);
  }

  /**
   * Advances the time, and calls the manager's timers that become due, in order. It does not await
   * work that the timers start, such as writes to the database; `await manager.flush()` awaits those.
   * @param time A number of milliseconds, or text such as `30D`, `12h` or `1h 30m`.
   * @throws RangeError if the text is not a duration
   */
  advance(time: Duration): void {
    const end = this.#elapsed + (typeof time === 'number' ? time : milliseconds(time));
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      const { at, task } = next;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#elapsed = Math.max(at, this.#elapsed);
      task();
    }
    this.#elapsed = end;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delay: number, task: () => void): () => void {
    const timer = { at: this.#elapsed + delay, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  #nextBefore(end: number): Timer | undefined {
    return this.#timers.filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0];
  }
}
