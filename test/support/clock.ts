import type { Clock, Machine } from '../../lib/clock';

/** The global functions at the time of each call, so that Jest's fake timers control a clock on it. */
export const GLOBALS: Machine = {
  wallTime: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (task, delay) => setTimeout(task, delay),
  clearTimeout: (timer) => clearTimeout(timer),
};

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** A clock that stands still until a test advances it. Advancing runs the timers that become due, in order. */
export class FakeClock implements Clock {
  #elapsed = 0;
  #timers: Timer[] = [];
  readonly #start: number;
  /** The number of reads of the change log. Each read passes the database's time to the clock. */
  reads = 0;
  /** The last time that it was passed. It does not change what `now()` returns. */
  followed: number | undefined;

  constructor(start = Date.UTC(2026, 0, 15, 12)) {
    this.#start = start;
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

  follow(databaseTime: number): void {
    this.followed = databaseTime;
    this.reads++;
  }

  advance(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      const { at, task } = next;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#elapsed = Math.max(at, this.#elapsed);
      task();
    }
    this.#elapsed = end;
  }

  #nextBefore(end: number): Timer | undefined {
    return this.#timers.filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0];
  }
}
