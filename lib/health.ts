/**
 * How a manager is doing, as far as it knows without asking anybody: for a health route or a dashboard. Parts that it does
 * not have are absent: on `memory()` all of them.
 */
export interface Health {
  /** Uses of sessions that are not written yet. */
  readonly touches?: {
    readonly pending: number;
    /** For how long the oldest of them waits, in whole milliseconds; 0 when there is none. */
    readonly oldest: number;
  };
  readonly cache?: {
    /** How many sessions are copied in memory. */
    readonly size: number;
  };
  readonly changes?: ChangesHealth;
  readonly database?: {
    /** Whether it answered lately; `false` while requests are refused without waiting for it. */
    readonly available: boolean;
  };
}

/** How the reading of the change log goes. It begins with the first use of a session. */
export interface ChangesHealth {
  /** Whether copies may be used; without that the database is asked. */
  readonly trusted: boolean;
  /** Up to where the log was read, or null before the first read. */
  readonly position: string | null;
  /** How long ago the last good read was sent, in whole milliseconds, or null before the first. */
  readonly age: number | null;
  readonly hints: readonly HintHealth[];
}

/** What hurries the reading. Whether it is up changes how soon a revocation arrives, never whether it counts. */
export interface HintHealth {
  /** `listen`, `redis`, or an app's own word. */
  readonly name: string;
  readonly up: boolean;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
}
