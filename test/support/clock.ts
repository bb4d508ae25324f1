import type { Machine } from '../../lib/clock';
import { TestClock } from '../../lib/testing';

/** The global functions at the time of each call, so that Jest's fake timers control a clock on it. */
export const GLOBALS: Machine = {
  wallTime: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (task, delay) => setTimeout(task, delay),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** A clock that stands still until a test advances it, and that counts the reads of the change log. */
export class FakeClock extends TestClock {
  /** The number of reads of the change log. Each read passes the database's time to the clock. */
  reads = 0;
  /** The last time that it was passed. It does not change what `now()` returns. */
  followed: number | undefined;

  follow(databaseTime: number): void {
    this.followed = databaseTime;
    this.reads++;
  }
}
