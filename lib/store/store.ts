import { invalidRequest, SessionError } from '../errors';
import type { Health } from '../health';
import type { Names } from '../options/reader';
import type { Assurance, Lowered } from '../session/assurance';
import type { EndReason } from '../session/end-reason';
import type { Cutoffs } from '../session/lifetimes';
import type { SearchOrder } from '../session/order';
import type { PagePosition } from '../session/page-position';
import type { PreventConcurrentLogin, Revocation } from '../session/revocation';
import type { SecretChange } from '../session/secret-rotation';
import type {
  EndedSession,
  JsonObject,
  Owner,
  ProtocolData,
  SessionReference,
  StoredSession,
  Use,
} from '../session/session';
import type { Data } from '../session/session-data';
import type { SessionLimit } from '../session/sign-in-rules';
import { optionalText, text } from '../session/text';

/** A value that is returned directly if it is known, so that a cached hit awaits nothing. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Stores sessions: the part of the contract that requests need. Caching and write-batching are stores that wrap another
 * store. Every implementation passes the same tests, `test/store/contract.ts`.
 *
 * A missing session is a value, and every call may be repeated. A method throws only if the store does not work:
 * `SessionError` with code `store-unavailable` if it cannot be reached in time. Only `insert` can refuse a request.
 */
export interface SessionStore {
  /**
   * Ends the sessions that the new one displaces, and inserts the new one, in one transaction. If too many must end, only
   * ends some of them, inserts nothing, and returns `more: true`.
   * @throws SessionError `session-limit-reached`, `auth-id-taken`, `session-id-taken`, `credential-changed`
   */
  insert(session: StoredSession, admission: Admission): Promise<Ending>;
  /**
   * Returns the session with this id, or undefined. Also returns ended and expired sessions: the manager decides. A cached session
   * is returned directly, and all calls get the same object. Its last use changes in place, nothing else does.
   * @param moment The monotonic time of the call, if the caller has read it. Default: the store reads the clock if it needs it.
   */
  find(id: string, moment?: number): MaybePromise<StoredSession | undefined>;
  /**
   * Records a use of a session that `find` has returned. Returns the session as it is after the use. A store that delays writes
   * returns it directly.
   */
  use(session: StoredSession, use: Use): MaybePromise<StoredSession>;
  /** Returns a page of the owner's live sessions, newest sign-in first. */
  list(owner: Owner, page: ListPage): Promise<readonly StoredSession[]>;
  /**
   * Returns the session with this id as it is stored now, and not from a cache. For callers that show when the session was
   * last used. Also returns ended and expired sessions.
   */
  read(id: string): Promise<StoredSession | undefined>;
  /** Changes the fields that the patch names. Returns false if the session does not exist or has ended. */
  update(id: string, patch: SessionPatch): Promise<boolean>;
  /**
   * Records that the user of a session was authenticated again, also in the trail. Returns false if the session does not exist or has
   * ended.
   * @throws SessionError `credential-changed`
   */
  raiseAssurance(id: string, raised: Raised): Promise<boolean>;
  /**
   * Lowers the assurance of live sessions, at most 500 of them. Repeating it until `more` is false lowers all of them. Never makes an
   * assurance higher, also if it is repeated.
   */
  lowerAssurance(which: Revocation, lowered: Lowered): Promise<Lowering>;
  /**
   * Replaces `data` by the result of `change`, so that no parallel change is lost. If a conflict with another transaction occurs,
   * calls `change` again. Returns false without a call if the session does not exist or has ended. Rethrows what `change` throws.
   */
  changeData(id: string, change: (data: Data) => Data): Promise<boolean>;
  /**
   * Changes the secret of a session, or what is known about its use, as `changedSecret` does. Returns false if the change does not
   * apply: the session has ended, or another request has changed the secret since. Then read the session again.
   */
  changeSecret(id: string, change: SecretChange): Promise<boolean>;
  /**
   * Wakes a hibernating session: drops its temporary data and records the use. Returns false if the session has ended or
   * was used after `idleSince`, so that of several parallel calls only one returns true.
   */
  wake(id: string, at: number, idleSince: number): Promise<boolean>;
  /** Stores the public key of a device for a live session that is not bound yet. Returns false if it changed nothing. */
  bind(id: string, key: string): Promise<boolean>;
  /** Binds a live session to its device from now on, if it is not bound and the key is its own. Returns false if it changed nothing. */
  confirmBinding(id: string, key: string, at: number): Promise<boolean>;
  /**
   * Records uses of sessions. Never creates or revives a session, and never moves a time backwards. Returns the sessions
   * that have ended, and the sessions whose rows were locked and must be sent again.
   */
  touch(touches: readonly Touch[]): MaybePromise<TouchResult>;
  /**
   * Refuses every insert of the owner whose credentials were checked before `at`. Resolves when no other insert is in progress,
   * so that a following `end` ends all sessions whose credentials were checked before.
   */
  changeCredentials(owner: Owner, at: number): Promise<void>;
  /** Ends sessions permanently. Returns the sessions that this call ended. */
  end(which: Revocation, end: End): Promise<Ending>;
  /** Returns what this store and the stores that it wraps know about their state, without asking the database. */
  health(): Health;
  /**
   * Writes what is not written yet.
   * @throws SessionError `store-unavailable` if a part cannot be written; the store keeps that part
   */
  flush(): Promise<void>;
  /**
   * Writes what is not written yet, for at most `timeout` milliseconds, and releases what the store itself created.
   * Returns the number of touches that were lost. May be called twice.
   */
  close(timeout: number): Promise<number>;
}

/** Stores sessions, with the methods that administration and cleanup need as well. */
export interface AdministeredStore extends SessionStore {
  /**
   * Ends every session in the scope that was signed in at or before `end.at`, with one write. Node clocks follow the
   * database's time, so the limit is as exact as that.
   */
  endEverything(scope: Scope, end: Omit<End, 'reason'>): Promise<void>;
  /** Returns one page of the sessions that match. Filters and order apply to sessions as they are written. */
  search(search: Search): Promise<readonly StoredSession[]>;
  /** Returns the number of sessions that match. */
  count(filter: SearchFilter, cutoffs: Cutoffs): Promise<number>;
  /** Returns the settings that administrators have stored for all nodes. */
  policy(): MaybePromise<Policy>;
  /** Changes the settings that the patch names. */
  setPolicy(patch: PolicyPatch): Promise<void>;
  /** Deletes at most `limit` sessions that ended or expired long ago. Returns the number of deleted sessions. */
  sweep(retained: Retained, limit: number): Promise<number>;
  /**
   * Looks for owners with more than `max` sessions that are not marked as ended, in a part of the store. Continue with
   * `after: next` until `next` is absent.
   */
  crowded(max: number, after?: Owner): Promise<Crowded>;
  /**
   * Ends sessions of the owner, except the `max` live sessions that were used last: live ones as `displaced`, expired ones as
   * `expired`. Ends a bounded number. Repeating it until it ends nothing ends all of them.
   */
  endUnused(owner: Owner, kept: Kept): Promise<readonly EndedSession[]>;
  /** Deletes at most `limit` sessions of the owner, also live ones. Returns their ids. */
  erase(owner: Owner, limit: number): Promise<readonly string[]>;
  /** Drops the temporary data of at most `limit` sessions that are no longer active. */
  hibernate(cutoffs: Cutoffs, limit: number): Promise<Hibernated>;
}

/** The conditions of a sign-in: the sessions that it displaces and the limits that it must respect. */
export interface Admission {
  /** The sessions that end in favour of the new one. */
  readonly displaces: readonly { readonly which: Revocation; readonly end: End }[];
  /** How many live sessions the owner may have, including the new one and without impersonations. Every limit must hold. */
  readonly limits?: readonly SessionLimit[] | undefined;
  /** The points in time that decide which sessions are live. */
  readonly cutoffs: Cutoffs;
  /** The time when the credentials were checked. Default: the sign-in of the session. */
  readonly credentialsCheckedAt?: number | undefined;
}

/** Returns the error for a sign-in beyond a limit. */
export function limitReached({ max, per, onLimit }: SessionLimit): SessionError {
  return new SessionError('session-limit-reached', max === 1 ? ONE[per] : SEVERAL[per], {
    per,
    values: { max },
    ...(onLimit === 'ask' && { asks: true }),
  });
}

const ONE: Readonly<Record<SessionLimit['per'], string>> = {
  user: 'No more than one session is allowed at a time.',
  client: 'No more than one session is allowed at a time with this client.',
  device: 'No more than one session is allowed at a time on devices of this kind.',
};

const SEVERAL: Readonly<Record<SessionLimit['per'], string>> = {
  user: 'No more than {max} sessions are allowed at a time.',
  client: 'No more than {max} sessions are allowed at a time with this client.',
  device: 'No more than {max} sessions are allowed at a time on devices of this kind.',
};

/** Returns the error for a sign-in whose auth id belongs to a live session. */
export function authIdTaken(): SessionError {
  return new SessionError('auth-id-taken', 'Another session has this authentication id.');
}

/** Returns the error for a sign-in under the id of another session. */
export function sessionIdTaken(): SessionError {
  return new SessionError('session-id-taken', 'Another session has this id.');
}

/** The time, reason and actor with which sessions end. */
export interface End {
  readonly at: number;
  readonly reason: EndReason;
  readonly by: string | null;
}

/** The use of a session. */
export interface Touch extends Use {
  readonly id: string;
}

/** The sessions that one call ended. A call ends a limited number, so that it does not keep other requests waiting. */
export interface Ending {
  readonly ended: readonly EndedSession[];
  /** True if further sessions must end: the caller must repeat the call until it is false. */
  readonly more: boolean;
}

/** An authentication in a session that lives. Its assurance replaces the earlier one. */
export interface Raised extends Assurance {
  readonly authenticatedAt: number;
  /** The time of the call. */
  readonly at: number;
  /** The time when the credentials were checked. */
  readonly credentialsCheckedAt: number;
  /** The address of the request, or null if it is unknown or not kept. */
  readonly from: string | null;
}

/** The sessions whose assurance one call lowered. */
export interface Lowering {
  readonly ids: readonly string[];
  /** True if further sessions must be lowered: the caller must repeat the call until it is false. */
  readonly more: boolean;
}

/** The touches that were not written. */
export interface TouchResult {
  /** Sessions that have ended or do not exist. */
  readonly ended: readonly string[];
  /** Sessions whose rows were locked. Their touches must be sent again. */
  readonly skipped: readonly string[];
}

/** The fields that may change while a session lives. Each object replaces the previous one. */
export interface SessionPatch {
  readonly extraProperties?: JsonObject;
  readonly data?: Data;
  /** Replaces the objects of the named protocols. The objects of other protocols stay. */
  readonly protocolData?: ProtocolData;
  /** The name that the owner gives to the session. Null removes it. */
  readonly name?: string | null;
}

/** All sessions, or those of one tenant. `tenantId: null` means the sessions without a tenant. */
export interface Scope {
  readonly tenantId?: string | null;
}

/** The states by which a search selects sessions. A session that has expired counts as ended. */
export const SEARCH_STATES = ['live', 'ended', 'any'] as const;

/** A state by which a search selects sessions. */
export type SearchState = (typeof SEARCH_STATES)[number];

/** The conditions of a search. Every field that is present must match. */
export interface SearchFilter extends Scope {
  /** Default: `live`. Ended sessions are found until the cleanup deletes them. */
  readonly state?: SearchState;
  readonly userId?: string;
  readonly device?: string;
  readonly clientId?: string;
  /** The node that opened the session or served it last. */
  readonly node?: string;
  /** Omits the sessions of these clients. */
  readonly exceptClients?: readonly string[];
}

/** The largest number of sessions that a page may skip. Use a cursor beyond it. */
export const MOST_SKIPPED = 100_000;

/** The largest number of sessions on one page. */
export const MOST_TAKEN = 1000;

/** A page of an owner's live sessions. */
export interface ListPage {
  /** The points in time that decide which sessions are live. */
  readonly cutoffs: Cutoffs;
  /** Omits the sessions of these clients. */
  readonly exceptClients: readonly string[];
  /** The largest number of sessions on the page. */
  readonly take: number;
  /** Continues after this position. New sign-ins and ended sessions shift nothing. */
  readonly after?: PagePosition | undefined;
}

/** A search for one page of sessions. */
export interface Search {
  readonly filter: SearchFilter;
  /** The points in time that decide which sessions are live. */
  readonly cutoffs: Cutoffs;
  readonly order: SearchOrder;
  readonly skip: number;
  readonly take: number;
  /** Continues after this session in the order of `signedIn`. New sign-ins and ended sessions shift nothing. */
  readonly after?: PagePosition | undefined;
}

/**
 * Settings that administrators change while the app runs. Absent settings are as the options say. `onLimit` stays an option, because
 * the routes of the app depend on it.
 */
export interface Policy {
  readonly preventConcurrentLogin?: PreventConcurrentLogin;
  /** The maximum number of live sessions of a user. `Infinity` for no limit, whatever the option says. */
  readonly maxSessionsPerUser?: number;
  /** As `maxSessionsPerUser`, with one client. */
  readonly maxSessionsPerClient?: number;
  /** As `maxSessionsPerUser`, on one type of device. */
  readonly maxSessionsPerDevice?: number;
  /**
   * The idle timeout in milliseconds of sessions that do not stay signed in. It replaces the option `shortLifetime` for them, and
   * is never longer than `longLifetime`. Stores return it with every session that it applies to, as `idleTimeout`.
   */
  readonly idleTimeout?: number;
  readonly protocols?: ProtocolSettings;
}

/** The settings of protocols: one object per protocol, under the protocol's name. The store does not read them. */
export type ProtocolSettings = Readonly<Record<string, JsonObject>>;

/** A change of the policy. Absent settings stay; `null` removes a setting, so that the option applies again. */
export interface PolicyPatch {
  readonly preventConcurrentLogin?: PreventConcurrentLogin | null;
  readonly maxSessionsPerUser?: number | null;
  readonly maxSessionsPerClient?: number | null;
  readonly maxSessionsPerDevice?: number | null;
  readonly idleTimeout?: number | null;
  /** Replaces the settings of the named protocols. The settings of other protocols stay. */
  readonly protocols?: Readonly<Record<string, JsonObject | null>>;
}

/** The result of `hibernate`. */
export interface Hibernated {
  /** The number of sessions whose temporary data was dropped. */
  readonly dropped: number;
  /** Those of them that can still be woken. The others have expired. */
  readonly sessions: readonly SessionReference[];
}

/** A part of the owners with many sessions. */
export interface Crowded {
  readonly owners: readonly Owner[];
  /** The owner after whom the next call continues. Absent at the end. */
  readonly next?: Owner | undefined;
}

/** The sessions of an owner that `endUnused` keeps. */
export interface Kept {
  readonly max: number;
  /** The points in time that decide which sessions are live. */
  readonly cutoffs: Cutoffs;
  /** The time at which the others end. */
  readonly at: number;
}

/** The sessions that a sweep keeps. */
export interface Retained {
  /** Keeps sessions that were marked as ended after this time. */
  readonly endedAfter: number;
  /** Keeps sessions that are not marked and are live under these cutoffs. */
  readonly cutoffs: Cutoffs;
}

/** The names of `SearchFilter`, with which calls are checked. */
export const FILTERS: Names<SearchFilter> = {
  state: true,
  tenantId: true,
  userId: true,
  device: true,
  clientId: true,
  node: true,
  exceptClients: true,
};

/**
 * Returns the filter with checked values and without other properties.
 * @throws SessionError `invalid-request`
 */
export function checkedFilter(filter: SearchFilter): SearchFilter {
  const { state, tenantId, userId, device, clientId, node, exceptClients } = filter;
  if (state !== undefined && !SEARCH_STATES.includes(state)) {
    throw invalidRequest('state', '"{name}" must be one of {values}.', { values: SEARCH_STATES.join(', ') });
  }
  return {
    ...(state !== undefined && { state }),
    ...(tenantId !== undefined && { tenantId: optionalText('tenantId', tenantId, 255) }),
    ...(userId !== undefined && { userId: text('userId', userId, 255) }),
    ...(device !== undefined && { device: text('device', device, 64) }),
    ...(clientId !== undefined && { clientId: text('clientId', clientId, 64) }),
    ...(node !== undefined && { node: text('node', node, 64) }),
    ...(exceptClients !== undefined && {
      exceptClients: exceptClients.map((client) => text('exceptClients', client, 64)),
    }),
  };
}
