/** The kinds of requests that clients send. */
export type Act = 'sign in' | 'request' | 'peek' | 'list' | 'revoke' | 'revoke others' | 'sign out';

export type Outcome =
  /** The node answered with success. */
  | 'accepted'
  /** 401 without `Set-Cookie`: the session was refused. */
  | 'refused'
  /** 503 with code `store-unavailable`, with `Retry-After` and without `Set-Cookie`. */
  | 'unavailable'
  /** The connection was closed, or the client gave up waiting. */
  | 'unanswered'
  /** Any other answer. */
  | 'wrong';

/** One request and its outcome, as the client saw it. All times are from the runner's monotonic clock, in milliseconds. */
export interface Operation {
  readonly act: Act;
  readonly node: string;
  readonly user: string;
  /** The session that the request used. Absent for a sign-in without one. */
  readonly session?: string | undefined;
  /** The sessions that the request must end, as known before it was sent. */
  readonly ends: readonly string[];
  /** The time before the request was sent. */
  readonly began: number;
  /** The time after the answer arrived, or when the client gave up. */
  readonly answered: number;
  readonly outcome: Outcome;
  /** The status and code of the answer, or the reason why there was no answer. */
  readonly answer: string;
  /** The session that a sign-in opened. */
  readonly opened?: string | undefined;
  /** The number of the secret that the request used: 0 for that of the sign-in, 1 after the first rotation. */
  readonly secret?: number | undefined;
  /** The number of the secret that the response carried. */
  readonly given?: number | undefined;
  /** True if the request used a copied cookie. */
  readonly stolen?: true | undefined;
  /** The last-accessed time that the node returned, in milliseconds since 1970. */
  readonly lastAccessed?: number | undefined;
}

/** A row of `identity_sessions`. */
export interface SessionRow {
  readonly session: string;
  readonly user: string;
  readonly ended: boolean;
  /** The last-accessed time, or the sign-in time if it was never used, in milliseconds since 1970. */
  readonly lastAccessed: number;
}

/** An event that an audit trigger recorded; see `audit.ts`. */
export interface AuditRow {
  readonly event: 'opened' | 'ended' | 'revived' | 'deleted' | 'backwards' | 'crowded';
  readonly session: string;
  readonly transaction: string;
  /** The node whose connection executed the statement. */
  readonly node: string;
}

/** The last-accessed times in the database at one moment. */
export interface Sample {
  readonly at: number;
  readonly rows: readonly SessionRow[];
  /** Compare only with the answers of this node. */
  readonly node?: string | undefined;
  /** The time by which the database may lag behind the nodes' answers, in milliseconds. */
  readonly mayTrail: number;
}

/** A period in which the runner had frozen, stopped or killed a node. */
export interface Absence {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/** The complete recording of a run. */
export interface History {
  readonly operations: readonly Operation[];
  readonly rows: readonly SessionRow[];
  readonly audit: readonly AuditRow[];
  readonly samples: readonly Sample[];
  readonly absences: readonly Absence[];
  /** Descriptions of processes that ended by themselves or did not recover. */
  readonly troubles: readonly string[];
  /** In milliseconds. */
  readonly lease: number;
  /** The grace period of rotation, in milliseconds. Absent if secrets do not rotate. */
  readonly grace?: number | undefined;
}
