import type { EndReason } from './end-reason';
import { withIpAddress } from './ip-address';

/** Who a session belongs to. A user id means something only within its tenant; apps without tenants leave that out. */
export interface Owner {
  readonly tenantId?: string | null;
  readonly userId: string;
}

/** A sign-in of one user on one device, from its first to its last request: a row of `identity_sessions`. */
export interface IdentitySession extends Owner {
  readonly tenantId: string | null;
  /** The public handle: 32 lower-case hexadecimal digits. It names the session and proves nothing. */
  readonly sessionId: string;
  /** The app's word for the client program that signed in, or null. */
  readonly clientId: string | null;
  /** The kind of device, as rules about concurrent logins see it: `Web`, `OAuth`, `Mobile` or an app's own word. */
  readonly device: string;
  /** What the device is, for people: `Firefox 140 on Linux`. */
  readonly deviceInfo: string | null;
  /** The user agent at sign-in, cut to 512 characters. */
  readonly userAgent: string | null;
  /** The addresses that the session was used from, newest last; the oldest are dropped beyond 2,048 characters. */
  readonly ipAddresses: readonly string[];
  /** Whether the user asked to stay signed in: such a session may hibernate, others end when it would begin. */
  readonly staySignedIn: boolean;
  /** When the user signed in, in milliseconds since 1970. */
  readonly signedIn: number;
  /** When the session was last used, in milliseconds since 1970; null before its first checked request. */
  readonly lastAccessed: number | null;
  /**
   * What the app keeps with the session for its whole life: any JSON object. Under `openXchange` stands what that wire has
   * to remember of a sign-in; no update takes it away.
   */
  readonly extraProperties: Readonly<Record<string, unknown>>;
  /** What the app keeps with the session while it is active: any JSON object, dropped when the session hibernates. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The id under which the sign-in is known in the logs of other systems, or null; live sessions share none. */
  readonly authId: string | null;
  /** The node that opened the session or served it last, or null when nodes have no names. */
  readonly node: string | null;
  /** When the session was ended, or null. An ended session never comes back. */
  readonly endedAt: number | null;
  readonly endReason: EndReason | null;
  /** Who ended it, in the app's words: a user id, `policy`, or null. */
  readonly endedBy: string | null;
}

/** Where among the `extraProperties` a wire keeps what it has to remember: an app that changes them leaves it there. */
export const KEPT_BY_WIRE = 'openXchange';

/** A session as stores keep it: with the hash of its secret, which leaves the store's side only to be compared. */
export interface StoredSession extends IdentitySession {
  /** SHA-256 of the secret, as 64 hexadecimal digits. The secret itself is kept nowhere. */
  readonly secretHash: string;
}

/** One use of a session, or several as one. */
export interface Use {
  /** When, in milliseconds since 1970; the last of several. */
  readonly at: number;
  /** Addresses that are new for the session, oldest first. */
  readonly ipAddresses: readonly string[];
  /** The node that served it; absent where nodes have no names. */
  readonly node?: string | null;
}

/**
 * The session as it is after a use; one that is told late takes nothing back. Nearly every warm request makes such a
 * copy, so the fields are written out: a spread takes twice as long.
 */
export function used(session: StoredSession, { at, ipAddresses, node }: Use): StoredSession {
  const lastAccessed = session.lastAccessed ?? 0;
  return {
    sessionId: session.sessionId,
    secretHash: session.secretHash,
    tenantId: session.tenantId,
    userId: session.userId,
    clientId: session.clientId,
    device: session.device,
    deviceInfo: session.deviceInfo,
    userAgent: session.userAgent,
    ipAddresses: ipAddresses.reduce(withIpAddress, session.ipAddresses),
    staySignedIn: session.staySignedIn,
    signedIn: session.signedIn,
    lastAccessed: Math.max(at, lastAccessed),
    extraProperties: session.extraProperties,
    data: session.data,
    authId: session.authId,
    node: at < lastAccessed ? session.node : (node ?? session.node),
    endedAt: session.endedAt,
    endReason: session.endReason,
    endedBy: session.endedBy,
  };
}

/**
 * The session without what only the store may know, and as it is after a use now. A copy, so that nothing an app does to
 * it reaches a cache.
 */
export function withoutSecret(
  session: StoredSession,
  lastAccessed: number | null = session.lastAccessed,
  newIpAddresses: readonly string[] = [],
): IdentitySession {
  return {
    sessionId: session.sessionId,
    tenantId: session.tenantId,
    userId: session.userId,
    clientId: session.clientId,
    device: session.device,
    deviceInfo: session.deviceInfo,
    userAgent: session.userAgent,
    ipAddresses: newIpAddresses.reduce(withIpAddress, session.ipAddresses),
    staySignedIn: session.staySignedIn,
    signedIn: session.signedIn,
    lastAccessed,
    extraProperties: session.extraProperties,
    data: session.data,
    authId: session.authId,
    node: session.node,
    endedAt: session.endedAt,
    endReason: session.endReason,
    endedBy: session.endedBy,
  };
}

/** What names a session in logs and events. It proves nothing. */
export type SessionReference = Pick<
  IdentitySession,
  'sessionId' | 'tenantId' | 'userId' | 'clientId' | 'authId'
>;

/** A session that an act has ended, and why and by whom. */
export interface EndedSession extends SessionReference {
  readonly endReason: EndReason;
  readonly endedBy: string | null;
}

export function referenceTo({
  sessionId,
  tenantId,
  userId,
  clientId,
  authId,
}: SessionReference): SessionReference {
  return { sessionId, tenantId, userId, clientId, authId };
}

/** The address that the session was last used from. */
export function currentIpAddress(session: IdentitySession): string | null {
  return session.ipAddresses[session.ipAddresses.length - 1] ?? null;
}

export function sameOwner(one: Owner, other: Owner): boolean {
  return one.userId === other.userId && (one.tenantId ?? null) === (other.tenantId ?? null);
}
