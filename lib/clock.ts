import {
  clearTimeout as clearTimer,
  setImmediate as setImmediateTimer,
  setTimeout as setTimer,
} from 'node:timers';
import { performance } from 'node:perf_hooks';

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

/** The functions that a clock is made from. */
export interface Machine {
  /** Returns the wall clock's time, in milliseconds since 1970. */
  readonly wallTime: () => number;
  readonly monotonic: () => number;
  readonly setTimeout: (task: () => void, delay: number) => NodeJS.Timeout;
  readonly clearTimeout: (timer: NodeJS.Timeout) => void;
}

/**
 * The machine's functions as they were when this module was loaded. Fake timers of an app's tests replace the global
 * functions later. With those, every request that reads the database would wait until the test advances the time.
 */
const MACHINE: Machine = {
  wallTime: Date.now,
  monotonic: performance.now.bind(performance),
  setTimeout: setTimer,
  clearTimeout: clearTimer,
};

/** Calls a task after the I/O that is ready now, so that the calls of one moment can share a statement. */
export const afterPendingIo: (task: () => void) => unknown = setImmediateTimer;

/**
 * Returns the clock of a running node: the database's time at the last read plus the monotonic time since then. Before the
 * first read it uses the machine's wall clock.
 */
export function systemClock(): Clock {
  return clockOf(MACHINE);
}

export function clockOf({ wallTime, monotonic, setTimeout, clearTimeout }: Machine): Clock {
  let offset = wallTime() - monotonic();
  return {
    now: () => Math.round(offset + monotonic()),
    monotonic,
    after(delay, task) {
      const timer = setTimeout(task, Math.min(delay, LONGEST_DELAY));
      timer.unref();
      return () => clearTimeout(timer);
    },
    follow(databaseTime, monotonicTime) {
      offset = databaseTime - monotonicTime;
    },
  };
}

let heldBy = 0;
let holder: NodeJS.Timeout | undefined;

/**
 * Keeps the process alive while `work` is pending, and returns it. The package's own timers and its idle connection do not
 * keep a process alive. Without this, a process could exit while the app waits for a promise of this package.
 */
export function holdProcess<T>(work: Promise<T>): Promise<T> {
  if (heldBy++ === 0) holder = MACHINE.setTimeout(() => undefined, LONGEST_DELAY);
  const release = () => {
    if (--heldBy === 0) MACHINE.clearTimeout(holder!);
  };
  work.then(release, release);
  return work;
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
