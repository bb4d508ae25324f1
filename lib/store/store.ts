import { SessionError } from '../errors';
import type { Cutoffs } from '../session/lifetimes';
import type { Revocation } from '../session/revocation';
import type { EndedSession, EndReason, Owner, StoredSession } from '../session/session';

/** At once where that is possible: a warm request waits for nothing. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Where sessions live. Caching and write-batching are stores wrapped round a store; every implementation passes the same
 * suite, `test/store/contract.ts`.
 *
 * Absence is a value, doing something twice is no mistake, and a thrown error means that the store itself is broken:
 * `SessionError` with `store-unavailable` when it cannot be reached in time. The one refusal is `insert`'s.
 */
export interface SessionStore {
  /**
   * Adds the session, and first ends what it displaces, which it tells: all of it or nothing.
   * @throws SessionError `session-limit-reached`, `auth-id-taken`
   */
  insert(session: StoredSession, admission: Admission): Promise<readonly EndedSession[]>;
  /** The session of that id, ended ones too: the manager judges. */
  find(id: string): MaybePromise<StoredSession | undefined>;
  /** The owner's sessions that are not marked as ended, newest sign-in first. */
  list(owner: Owner): Promise<readonly StoredSession[]>;
  /** Changes what the patch names; false when there is no such session or it has ended. */
  update(id: string, patch: SessionPatch): Promise<boolean>;
  /**
   * Wakes a session that hibernates: drops its data and notes the use. False when there is nothing to wake, because it has
   * ended or was used after `idleSince`: of two who wake it, one does.
   */
  wake(id: string, at: number, idleSince: number): Promise<boolean>;
  /**
   * Notes that sessions were used. Never creates, revives or goes back in time. Tells which of them turned out to have
   * ended, and which must be sent again later, because somebody else was writing them.
   */
  touch(touches: readonly Touch[]): MaybePromise<TouchResult>;
  /** Ends sessions for good, and tells which this call ended; ending twice ends nothing. */
  end(which: Revocation, end: End): Promise<readonly EndedSession[]>;
  /** Deletes at most `limit` sessions that ended long ago, and tells how many. */
  sweep(retained: Retained, limit: number): Promise<number>;
  /** Writes what is still to be written and lets go of what the store itself made. Twice is once. */
  close(): Promise<void>;
}

/** Under what conditions a new session is let in. */
export interface Admission {
  /** What ends in favour of it. */
  readonly displaces: readonly { readonly which: Revocation; readonly end: End }[];
  /** How many live sessions the owner may have, this one included. All of them hold. */
  readonly limits?: readonly SessionLimit[] | undefined;
  /** What counts as live. */
  readonly cutoffs: Cutoffs;
}

/** How many live sessions an owner may have, and what becomes of one more. */
export interface SessionLimit {
  readonly max: number;
  /** `client` counts only sessions of the newcomer's client. */
  readonly per: 'user' | 'client';
  /** `endOldest` makes room by ending those that signed in first; `refuse` turns the new one away. */
  readonly onLimit: 'endOldest' | 'refuse';
}

/** The refusal of a sign-in beyond a limit. */
export function limitReached({ max, per }: SessionLimit): SessionError {
  return new SessionError('session-limit-reached', `No more than ${max} sessions are allowed at a time.`, {
    per,
  });
}

/** The refusal of a sign-in under an auth id that a live session has. */
export function authIdTaken(): SessionError {
  return new SessionError('auth-id-taken', 'Another session has this authentication id.');
}

/** When, why and by whom sessions end. */
export interface End {
  readonly at: number;
  readonly reason: EndReason;
  readonly by: string | null;
}

/** One use of a session, or the last of several. */
export interface Touch {
  readonly id: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** Addresses that are new for the session, oldest first. */
  readonly ipAddresses: readonly string[];
  /** The node that served it; absent where nodes have no names. */
  readonly node?: string | null;
}

/** The touches that were not written, and why. */
export interface TouchResult {
  /** Sessions that have ended or do not exist. */
  readonly ended: readonly string[];
  /** Sessions whose touch was not written and must be sent again. */
  readonly skipped: readonly string[];
}

/** The part of a session that an app may change while it lives. */
export interface SessionPatch {
  readonly extraProperties?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What a sweep leaves alone. */
export interface Retained {
  /** Sessions marked as ended after this. */
  readonly endedAfter: number;
  /** Sessions that are not marked and are live under these. */
  readonly cutoffs: Cutoffs;
}
