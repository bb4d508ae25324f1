import type { ClientHints } from './device/client-hints';
import type { EndReason } from './end-reason';
import { withIpAddresses } from './ip-address';
import { secretStateOf, type SecretState } from './secret-rotation';
import type { Data } from './session-data';

/**
 * Identifies the user that a session belongs to. A user id is unique only within its tenant. Apps without tenants leave
 * `tenantId` out.
 */
export interface Owner {
  readonly tenantId?: string | null;
  readonly userId: string;
}

/** An object that can be written as JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One sign-in of one user on one device, from its first to its last request: a row of `identity_sessions`. */
export interface IdentitySession extends Owner {
  readonly tenantId: string | null;
  /** The public id: 32 lower-case hexadecimal digits. It names the session, but it is not a credential. */
  readonly sessionId: string;
  /** The app's name of the client program that signed in, or null. */
  readonly clientId: string | null;
  /**
   * The user who acts in this session as its owner, in the app's words, or null. A session with an actor is an impersonation.
   */
  readonly actor: string | null;
  /** The kind of device, for rules about concurrent logins: `Web`, `OAuth`, `Mobile`, `Impersonation` or the app's own word. */
  readonly device: string;
  /** The device's display name, for example `Firefox 140 on Linux`. */
  readonly deviceInfo: string | null;
  /** The user agent at sign-in, cut to 512 characters. */
  readonly userAgent: string | null;
  /** The client hints at sign-in, or null if the client sent none. */
  readonly clientHints: ClientHints | null;
  /** The address of the sign-in, or null if it is unknown. */
  readonly signInAddress: string | null;
  /**
   * The addresses that used the session, each once, newest last. Beyond 2,048 characters in total, the oldest are dropped, but
   * never the address of the sign-in.
   */
  readonly ipAddresses: readonly string[];
  /** True if the user asked to stay signed in. After the short lifetime, such a session hibernates; others end. */
  readonly staySignedIn: boolean;
  /**
   * The idle timeout in milliseconds that the policy sets in place of `shortLifetime`, or null. The policy does not apply to
   * sessions that stay signed in.
   */
  readonly idleTimeout: number | null;
  /** The time of the sign-in, in milliseconds since 1970. */
  readonly signedIn: number;
  /** The time of the last use, in milliseconds since 1970, or null before the first checked request. */
  readonly lastAccessed: number | null;
  /** Data of the app that is kept as long as the session. */
  readonly extraProperties: JsonObject;
  /** Temporary data of the app. It is dropped when the session hibernates. */
  readonly data: Data;
  /** Data that protocols need later in the session: one object per protocol, under the protocol's name. */
  readonly protocolData: ProtocolData;
  /** The id under which other systems log this sign-in, or null. It is unique among the owner's live sessions. */
  readonly authId: string | null;
  /** The node that opened the session or served it last, or null if nodes have no names. */
  readonly node: string | null;
  /** The time at which the session was ended, or null. An ended session never becomes live again. */
  readonly endedAt: number | null;
  readonly endReason: EndReason | null;
  /** The actor that ended the session, in the app's words (a user id, `policy`), or null. */
  readonly endedBy: string | null;
  /** The time at which the session was bound to the device of its browser, in milliseconds since 1970, or null if it is not bound. */
  readonly boundAt: number | null;
  /** The name that the owner gave to the session, such as `Kitchen tablet`, or null. */
  readonly name: string | null;
}

/** One object per protocol, under the protocol's name. */
export type ProtocolData = Readonly<Record<string, JsonObject>>;

/**
 * A session as stores keep it, with the hashes of its secrets. They are never part of what the app sees. Its objects and lists are
 * frozen, because the cache and all requests share them.
 */
export interface StoredSession extends IdentitySession, SecretState {
  /** The hash of the device's token, as 64 hexadecimal digits, or null if devices are not remembered. */
  readonly knownDevice: string | null;
  /** The public key of the device that the session is bound to: both coordinates on P-256, with a dot between them. Or null. */
  readonly boundKey: string | null;
  /**
   * The error of reading its JSON objects, if that failed. The objects are empty then. The session can be listed and ended,
   * but it is not accepted, because the app may decide by these objects.
   */
  readonly defect?: Error | undefined;
  /**
   * The time before which nothing is due for a request of the session: it has not ended, it is active, and it has no defect. In
   * milliseconds since 1970. Stores that cache sessions set it, so that one comparison replaces all of these checks. From this
   * time on, and if it is absent, the manager makes the checks.
   */
  readonly nothingDueBefore?: number;
  /** Returns `withoutSecret` of the session. Stores set it if they keep the fields in another form. */
  view?(): IdentitySession;
}

/** One use of a session, or several uses merged into one. */
export interface Use {
  /** The time of the last of these uses, in milliseconds since 1970. */
  readonly at: number;
  /** Addresses that are new for the session, oldest first. */
  readonly ipAddresses: readonly string[];
  /** The node that served the request. Absent if nodes have no names. */
  readonly node?: string | null;
}

/** Returns the session as it is after a use. A use that is older than the last one changes neither time nor node. */
export function afterUse(session: StoredSession, use: Use): StoredSession {
  const used = copyOf(session);
  addUse(used, use);
  return used;
}

/** The fields that a use changes. */
export type Used = { -readonly [Name in 'ipAddresses' | 'lastAccessed' | 'node']: IdentitySession[Name] };

/** Changes a session as a use does. It must be a copy that nothing else refers to, or an entry of a cache. */
export function addUse(
  session: Used & Pick<IdentitySession, 'signInAddress'>,
  { at, ipAddresses, node }: Use,
): void {
  const before = session.lastAccessed ?? 0;
  if (ipAddresses.length > 0) {
    session.ipAddresses = withIpAddresses(session.ipAddresses, ipAddresses, session.signInAddress);
  }
  if (at < before) return;
  session.lastAccessed = at;
  session.node = node ?? session.node;
}

/** Returns a copy of a stored session that can be changed. Only this copies an entry of a cache completely: a spread does not. */
export function copyOf(session: StoredSession): {
  -readonly [Name in keyof StoredSession]: StoredSession[Name];
} {
  const { knownDevice, boundKey, defect } = session;
  return {
    ...secretStateOf(session),
    knownDevice,
    boundKey,
    ...withoutSecret(session),
    ...(defect && { defect }),
  };
}

/** The fields that many sessions have in common, for example those of the same version of a browser. */
export type CommonFields = Pick<
  StoredSession,
  | 'tenantId'
  | 'clientId'
  | 'actor'
  | 'device'
  | 'deviceInfo'
  | 'userAgent'
  | 'clientHints'
  | 'staySignedIn'
  | 'idleTimeout'
>;

/** The fields that most sessions do not use. */
export type RareFields = Pick<
  StoredSession,
  | 'extraProperties'
  | 'data'
  | 'protocolData'
  | 'authId'
  | 'endedAt'
  | 'endReason'
  | 'endedBy'
  | 'boundAt'
  | 'name'
>;

/** The fields of each session. */
export type OwnFields = Pick<
  StoredSession,
  'sessionId' | 'userId' | 'signInAddress' | 'ipAddresses' | 'signedIn' | 'lastAccessed' | 'node'
>;

/**
 * Returns the view of the session that the app gets. It is a plain object without the hashes of secrets and of the device. It
 * is frozen with all its parts, so that the app cannot change what a cache holds.
 */
export function withoutSecret(session: StoredSession): IdentitySession {
  return session.view === undefined ? viewOf(session, session, session) : session.view();
}

/** Builds the view. The fields are listed because every request makes a view, and a rest pattern takes ten times as long. */
export function viewOf(own: OwnFields, common: CommonFields, rare: RareFields): IdentitySession {
  return Object.freeze({
    sessionId: own.sessionId,
    tenantId: common.tenantId,
    userId: own.userId,
    clientId: common.clientId,
    actor: common.actor,
    device: common.device,
    deviceInfo: common.deviceInfo,
    userAgent: common.userAgent,
    clientHints: common.clientHints,
    signInAddress: own.signInAddress,
    ipAddresses: own.ipAddresses,
    staySignedIn: common.staySignedIn,
    idleTimeout: common.idleTimeout,
    signedIn: own.signedIn,
    lastAccessed: own.lastAccessed,
    extraProperties: rare.extraProperties,
    data: rare.data,
    protocolData: rare.protocolData,
    authId: rare.authId,
    node: own.node,
    endedAt: rare.endedAt,
    endReason: rare.endReason,
    endedBy: rare.endedBy,
    boundAt: rare.boundAt,
    name: rare.name,
  });
}

/** The fields that name a session in logs and events. None of them is a credential. */
export const REFERENCE_FIELDS = [
  'sessionId',
  'tenantId',
  'userId',
  'clientId',
  'authId',
] as const satisfies readonly (keyof IdentitySession)[];

/** Names a session in logs and events. It is not a credential. */
export type SessionReference = Pick<IdentitySession, (typeof REFERENCE_FIELDS)[number]>;

/** A session that a call has ended, with the reason and the actor. */
export interface EndedSession extends SessionReference {
  readonly endReason: EndReason;
  readonly endedBy: string | null;
}

/** Returns the part of the session that names it. */
export function referenceTo({
  sessionId,
  tenantId,
  userId,
  clientId,
  authId,
}: SessionReference): SessionReference {
  return { sessionId, tenantId, userId, clientId, authId };
}

/** Returns the user who acts in the session: its actor if it is an impersonation, or else its owner. */
export function actingUser({ actor, userId }: Pick<IdentitySession, 'actor' | 'userId'>): string {
  return actor ?? userId;
}

/** Returns the address that used the session last, or null if no address is known. */
export function currentIpAddress(session: IdentitySession): string | null {
  return session.ipAddresses[session.ipAddresses.length - 1] ?? null;
}

/** Returns true if both name the same user of the same tenant. A missing tenant equals null. */
export function sameOwner(one: Owner, other: Owner): boolean {
  return one.userId === other.userId && (one.tenantId ?? null) === (other.tenantId ?? null);
}

/** Returns a text that is equal for the same user of the same tenant, and different otherwise. */
export function ownerKey({ tenantId, userId }: Owner): string {
  return JSON.stringify([tenantId ?? null, userId]);
}
