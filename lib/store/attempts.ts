/**
 * Counts the failed sign-ins of each account, over all nodes. From the 20th failure in a row on, the account must wait
 * before each further attempt. Accounts and addresses are keyed hashes: no store learns a name that somebody typed.
 */
export interface SignInAttempts {
  /**
   * Counts an attempt as failed, until `succeed` or `cancel` corrects it, and returns 0. Counting comes first, so that
   * parallel attempts cannot share one free try. An attempt from an address from which the account signed in before does
   * not count. If the account has to wait, counts nothing and returns the rest of the wait, in milliseconds.
   */
  begin(attempt: SignInAttempt, at: number): Promise<number>;
  /** Forgets the failures of the account, and remembers the address. */
  succeed(attempt: SignInAttempt, at: number): Promise<void>;
  /** Takes back the count of an attempt that neither failed nor succeeded. */
  cancel(attempt: SignInAttempt): Promise<void>;
  /** Deletes at most `limit` accounts without an attempt since the retention began. Returns the number of deleted accounts. */
  prune(retained: RetainedAttempts, limit: number): Promise<number>;
}

/** An attempt to sign in. */
export interface SignInAttempt {
  /** The keyed hash of the name. */
  readonly account: string;
  /** The keyed hash of the client's address, or null if the address is unknown. */
  readonly address: string | null;
}

/** The accounts that `prune` keeps. */
export interface RetainedAttempts {
  /** Keeps accounts with failures since this time. */
  readonly failedAfter: number;
  /** Keeps accounts with known addresses that were used since this time. */
  readonly knownAfter: number;
}

/** The number of failures in a row after which an account has to wait. */
export const FREE_FAILURES = 20;

/** The first and the longest time to wait, in milliseconds. The time doubles with every failure. */
export const FIRST_WAIT = 30_000;
export const LONGEST_WAIT = 3_600_000;

/** The largest number of known addresses of an account. The oldest is forgotten. */
export const KNOWN_ADDRESSES = 20;

/** Returns the time to wait after the given number of failures in a row, in milliseconds, or 0. */
export function waitAfter(failures: number): number {
  return failures < FREE_FAILURES ? 0 : Math.min(FIRST_WAIT * 2 ** (failures - FREE_FAILURES), LONGEST_WAIT);
}
