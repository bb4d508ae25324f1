/** What a client asks of a node. */
export type Act = 'sign in' | 'request' | 'peek' | 'list' | 'revoke' | 'revoke others' | 'sign out';

export type Outcome =
  /** The node did what it was asked. */
  | 'accepted'
  /** 401: the session is no good. */
  | 'refused'
  /** 503, worded as it must be. */
  | 'unavailable'
  /** Cut off, or not answered for as long as the client waits. */
  | 'unanswered'
  /** Any other answer: none of the clients asks for one. */
  | 'wrong';

/** One thing that a client asked, as the client saw it. All times are the runner's, by one monotonic clock. */
export interface Operation {
  readonly act: Act;
  readonly node: string;
  readonly user: string;
  /** The session that it was asked with; absent for a sign-in without one. */
  readonly session?: string | undefined;
  /** The sessions of which it was known, before it was asked, that it must end. */
  readonly ends: readonly string[];
  /** Taken before the request is sent. */
  readonly began: number;
  /** Taken after the answer has come, or when the client gave up. */
  readonly answered: number;
  readonly outcome: Outcome;
  /** The status and the code of the answer, or why there was none. */
  readonly answer: string;
  /** The session that a sign-in opened. */
  readonly opened?: string | undefined;
  /** When the session was last used, in the node's words: milliseconds since 1970. */
  readonly lastAccessed?: number | undefined;
}

/** A row of `identity_sessions`. */
export interface SessionRow {
  readonly session: string;
  readonly user: string;
  readonly ended: boolean;
  /** When it was last used, or opened, in milliseconds since 1970. */
  readonly lastAccessed: number;
}

/** What a trigger saw happen to a session; see `audit.ts`. */
export interface AuditRow {
  readonly event: 'opened' | 'ended' | 'revived' | 'deleted' | 'backwards' | 'crowded';
  readonly session: string;
  readonly transaction: string;
  /** The node whose connection did it. */
  readonly node: string;
}

/** When sessions were last used, in the words of the database at one moment. */
export interface Sample {
  readonly at: number;
  readonly rows: readonly SessionRow[];
  /** Look only at what this node has said. */
  readonly node?: string | undefined;
  /** How far it may be behind what the nodes have said, in milliseconds. */
  readonly mayTrail: number;
}

/** A time for which the runner had stopped or killed a node. */
export interface Absence {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/** Everything that is known of a run when it is over. */
export interface History {
  readonly operations: readonly Operation[];
  readonly rows: readonly SessionRow[];
  readonly audit: readonly AuditRow[];
  readonly samples: readonly Sample[];
  readonly absences: readonly Absence[];
  /** Processes that ended though nobody asked them to, or did not recover. */
  readonly troubles: readonly string[];
  /** In milliseconds. */
  readonly lease: number;
}
