import type { Clock } from '../../lib/clock';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** A clock that stands still until it is moved, and then calls what is due on the way, in order. */
export class FakeClock implements Clock {
  #elapsed = 0;
  #timers: Timer[] = [];
  readonly #start: number;
  /** How often the log of changes was read: whoever reads it tells the clock the database's time. */
  reads = 0;
  /** The time that it was told last, and does not go by. */
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
