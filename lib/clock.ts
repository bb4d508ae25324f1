/**
 * The source of time and timers. Only this file reads the machine's clocks and sets timers, so that a test can replace one
 * object and control time.
 */
export interface Clock {
  /** Returns the time for decisions and timestamps of sessions, in milliseconds since 1970. */
  now(): number;
  /** Returns a time in milliseconds that never jumps and never goes back. For leases and budgets. */
  monotonic(): number;
  /** Calls `task` once after `delay` milliseconds. The timer does not keep the process alive. Returns a function that cancels it. */
  after(delay: number, task: () => void): () => void;
  /** Adopts the database's time, which was read at `monotonic`. A wrong clock on one node then changes no decision. */
  follow?(databaseTime: number, monotonic: number): void;
}

/** The longest delay that `setTimeout` supports, in milliseconds. A timer with a longer one fires immediately. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Returns the clock of a running node: the database's time at the last read plus the monotonic time since then. Before the
 * first read it uses the machine's wall clock.
 */
export function systemClock(): Clock {
  let offset = Date.now() - performance.now();
  return {
    now: () => Math.round(offset + performance.now()),
    monotonic: () => performance.now(),
    after(delay, task) {
      const timer = setTimeout(task, Math.min(delay, LONGEST_DELAY));
      timer.unref();
      return () => clearTimeout(timer);
    },
    follow(databaseTime, monotonic) {
      offset = databaseTime - monotonic;
    },
  };
}

export interface Deadline<T> {
  readonly clock: Clock;
  /** The timeout in milliseconds. */
  readonly limit: number;
  /** The message of the error after the timeout. */
  readonly problem: string;
  /** Receives the value if the promise is fulfilled after the timeout. */
  readonly late?: (value: T) => void;
}

/** Returns a promise with the result of `promised` that rejects after the timeout. */
export function withTimeout<T>(
  promised: Promise<T>,
  { clock, limit, problem, late }: Deadline<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const cancel = clock.after(limit, () => {
      isLate = true;
      reject(new Error(problem));
    });
    promised.then(
      (value) => {
        cancel();
        if (isLate) late?.(value);
        else resolve(value);
      },
      (error: Error) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** Returns a random number between `least` and `most`, so that many nodes do not act at the same moment. */
export function jittered(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
