import { SessionError } from '../errors';
import type { Health } from '../health';
import type { Cutoffs } from '../session/lifetimes';
import type { SearchOrder } from '../session/order';
import type { PreventConcurrentLogin, Revocation } from '../session/revocation';
import type { SessionLimit } from '../session/sign-in-rules';
import type { EndedSession, Owner, SessionReference, StoredSession, Use } from '../session/session';
import type { EndReason } from '../session/end-reason';
import type { Names } from '../options/reader';
import { optionalText, text } from '../session/text';

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
   * @throws SessionError `session-limit-reached`, `auth-id-taken`, `session-id-taken`
   */
  insert(session: StoredSession, admission: Admission): Promise<readonly EndedSession[]>;
  /** The session of that id, ended ones too: the manager judges. */
  find(id: string): MaybePromise<StoredSession | undefined>;
  /** The owner's sessions that are not marked as ended, newest sign-in first. */
  list(owner: Owner): Promise<readonly StoredSession[]>;
  /**
   * Changes what the patch names, but for what a wire keeps among the `extraProperties`; false when there is no such session
   * or it has ended.
   */
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
  /**
   * Ends every session in the scope that was signed in by then, by one write, however many they are. It reaches sessions
   * of a moment earlier only as far as the clocks of nodes agree.
   */
  endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void>;
  /** The live sessions that the search is for, in its order, as they are written: unwritten touches are not in them. */
  search(search: Search): Promise<readonly StoredSession[]>;
  /** How many there are in all. */
  count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number>;
  /** What administrators have set, for all nodes. */
  policy(): MaybePromise<Policy>;
  /** Changes what the patch names. */
  setPolicy(patch: PolicyPatch): Promise<void>;
  /** Deletes at most `limit` sessions that ended long ago, and tells how many. */
  sweep(retained: Retained, limit: number): Promise<number>;
  /** Drops the data of at most `limit` sessions that are not active, and tells how many, and which of them can be woken. */
  hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated>;
  /** What this store and those behind it know of themselves, without asking anybody. */
  health(): Health;
  /**
   * Writes what is still to be written, for as long as `patience` milliseconds, and lets go of what the store itself made.
   * Tells how many touches could not be written. Twice is once.
   */
  close(patience: number): Promise<number>;
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

/** The refusal of a sign-in beyond a limit. */
export function limitReached({ max, per }: SessionLimit): SessionError {
  const sessions = max === 1 ? 'one session is' : `${max} sessions are`;
  const message = `No more than ${sessions} allowed at a time${WITHIN[per]}.`;
  return new SessionError('session-limit-reached', message, { per });
}

const WITHIN: Readonly<Record<SessionLimit['per'], string>> = {
  user: '',
  client: ' with this client',
  device: ' on devices of this kind',
};

/** The refusal of a sign-in under an auth id that a live session has. */
export function authIdTaken(): SessionError {
  return new SessionError('auth-id-taken', 'Another session has this authentication id.');
}

/** The refusal of a sign-in under the id of another session. */
export function sessionIdTaken(): SessionError {
  return new SessionError('session-id-taken', 'Another session has this id.');
}

/** When, why and by whom sessions end. */
export interface End {
  readonly at: number;
  readonly reason: EndReason;
  readonly by: string | null;
}

/** The use of a session. */
export interface Touch extends Use {
  readonly id: string;
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

/** Everyone; or a tenant, where `null` is those without one. */
export interface Scope {
  readonly tenantId?: string | null;
}

/** Which sessions administrators look for. What is absent does not matter. */
export interface SearchFilter extends Scope {
  readonly userId?: string;
  readonly device?: string;
  readonly clientId?: string;
  /** The node that opened a session or served it last. */
  readonly node?: string;
}

/** How many sessions a page may pass over: from then on a cursor is the better way. */
export const MOST_SKIPPED = 100_000;

/** How many sessions a page may have. */
export const MOST_TAKEN = 1000;

/** A page of the sessions that administrators look for. */
export interface Search {
  readonly filter: SearchFilter;
  /** What counts as live. */
  readonly cutoffs: Cutoffs;
  readonly order: SearchOrder;
  readonly skip: number;
  readonly take: number;
  /** Goes on behind this session, in the order of `signedIn`: sign-ins and ends in the meantime move nothing. */
  readonly after?: Pick<StoredSession, 'signedIn' | 'sessionId'> | undefined;
}

/** What administrators may change while the app runs. What is absent is as the options say. */
export interface Policy {
  readonly preventConcurrentLogin?: PreventConcurrentLogin;
  readonly idle?: IdlePolicy;
}

/** A change of the policy. What is null is as the options say again; what is absent stays as it is. */
export interface PolicyPatch {
  readonly preventConcurrentLogin?: PreventConcurrentLogin | null;
  readonly idle?: IdlePolicy | null;
}

/** When user interfaces sign out somebody who does nothing, in ABP's words. They have to do that; lifetimes hold all the same. */
export interface IdlePolicy {
  readonly enabled: boolean;
  readonly idleTimeoutMinutes: number;
  /** How long a user is warned before. */
  readonly countdownSeconds: number;
}

/** What fell asleep. */
export interface Hibernated {
  /** How many sessions lost their data. */
  readonly dropped: number;
  /** Those of them that can still be woken; the others have expired. */
  readonly sessions: readonly SessionReference[];
}

/** What a sweep leaves alone. */
export interface Retained {
  /** Sessions marked as ended after this. */
  readonly endedAfter: number;
  /** Sessions that are not marked and are live under these. */
  readonly cutoffs: Cutoffs;
}

/** All that sessions can be looked for by. */
export const FILTERS: Names<SearchFilter> = {
  tenantId: true,
  userId: true,
  device: true,
  clientId: true,
  node: true,
};

/**
 * The filter as stores may be given it, and nothing else of what was given.
 * @throws SessionError `invalid-request`
 */
export function checkedFilter({ tenantId, userId, device, clientId, node }: SearchFilter): SearchFilter {
  return {
    ...(tenantId !== undefined && { tenantId: optionalText('tenantId', tenantId, 255) }),
    ...(userId !== undefined && { userId: text('userId', userId, 255) }),
    ...(device !== undefined && { device: text('device', device, 64) }),
    ...(clientId !== undefined && { clientId: text('clientId', clientId, 64) }),
    ...(node !== undefined && { node: text('node', node, 64) }),
  };
}
