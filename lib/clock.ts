/**
 * Time, as everything here sees it. This file alone reads the machine's clocks and sets timers, so that a test can put
 * one object in its place and move time by hand.
 */
export interface Clock {
  /** The time that sessions are judged by and stamped with, in milliseconds since 1970. */
  now(): number;
  /** A clock that only goes forward and that nobody sets, in milliseconds. For leases and budgets. */
  monotonic(): number;
  /** Calls `task` once, `delay` milliseconds from now, without keeping the process alive. Returns what cancels it. */
  after(delay: number, task: () => void): () => void;
  /** Takes over the database's time, read at `monotonic`, so that a wrong clock on one node changes no decision. */
  follow?(databaseTime: number, monotonic: number): void;
}

/** The longest delay that `setTimeout` keeps; a longer one would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * The clock of a running node: the database's time as last heard of, plus the monotonic time since. Until it has heard
 * from the database it goes by the machine's wall clock.
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
  /** How long to wait, in milliseconds. */
  readonly limit: number;
  /** What the error says when it took longer. */
  readonly problem: string;
  /** Given what comes too late. */
  readonly late?: (value: T) => void;
}

/** What is promised, or an error if that takes too long. */
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

/** A random length between the two, in the unit of both: what many nodes do shall not come from all of them at once. */
export function jittered(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
