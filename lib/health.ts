/**
 * The state of a manager, for a health route or a dashboard. It contains only facts that the manager knows without a query.
 * Parts that the manager does not have are absent; a manager on `memory()` has only `cleanup`.
 */
export interface Health {
  /** The touches that are not yet written. */
  readonly touches?: {
    readonly pending: number;
    /** The age of the oldest one, in whole milliseconds; 0 if no touch is pending. */
    readonly oldest: number;
  };
  readonly cache?: {
    /** The number of cached sessions. */
    readonly size: number;
  };
  readonly changes?: ChangesHealth;
  readonly database?: {
    /** False while the circuit breaker refuses requests without waiting for the database. */
    readonly available: boolean;
  };
  readonly cleanup?: CleanupHealth;
}

/** The state of cleanup, as this node saw it at its last run. Times are in milliseconds since 1970. */
export interface CleanupHealth {
  /** The time of the last complete cleanup of any node, or null if this node knows none. */
  readonly lastSuccess: number | null;
  /** The time of the first failure since the last complete cleanup, or null if no run of this node has failed since. */
  readonly failingSince: number | null;
}

/** The state of reading the change log. Reading starts when a session is first used, and pauses without use. */
export interface ChangesHealth {
  /** True if cached sessions may be used. If false, requests read the database. */
  readonly trusted: boolean;
  /**
   * True if the node does not read the log, because it was not used for 15 seconds and has no open stream or WebSocket. The
   * next request is checked against the database, and reading continues.
   */
  readonly paused: boolean;
  /** The position up to which the log was read, or null before the first read. */
  readonly position: string | null;
  /** The time since the last successful read was sent, in whole milliseconds, or null before the first. */
  readonly age: number | null;
  /** While reading is paused, the state before the pause. */
  readonly hints: readonly HintHealth[];
}

/** The state of a source of notifications. It affects how soon a revocation takes effect, but not whether it does. */
export interface HintHealth {
  /** `listen`, `redis`, or the name that the app's own source has. */
  readonly name: string;
  readonly up: boolean;
  /** The time of the last change of `up`, in milliseconds since 1970. */
  readonly since: number;
}
