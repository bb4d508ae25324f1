import type { Clock } from './clock';

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
export function inTime<T>(promised: Promise<T>, { clock, limit, problem, late }: Deadline<T>): Promise<T> {
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
