import type { IdentitySession } from '../../session/session';
import { instant } from '../../http/dialect';
import { guid } from './guid';

/** A session as ABP shows it. */
export interface IdentitySessionDto {
  readonly id: string;
  /** The same id: ABP has another one here, which its tokens carry. */
  readonly sessionId: string;
  /** Whether the request was made in it. */
  readonly isCurrent: boolean;
  /** The kind of device: `Web`, `OAuth`, `Mobile` or the app's own word. */
  readonly device: string;
  /** The device in words. */
  readonly deviceInfo: string | null;
  readonly tenantId: string | null;
  readonly tenantName: string | null;
  readonly userId: string;
  readonly userName: string | null;
  readonly clientId: string | null;
  /** Newest last. */
  readonly ipAddresses: readonly string[];
  /** ISO 8601, as all times. */
  readonly signedIn: string;
  /** Null before the first checked request. */
  readonly lastAccessed: string | null;
  readonly extraProperties: Readonly<Record<string, unknown>>;
}

/** What only the app can say of a session. */
export interface SaidByApp {
  readonly userName?: string | null | undefined;
  readonly tenantName?: string | null | undefined;
  readonly extraProperties?: Readonly<Record<string, unknown>> | undefined;
}

/** The session for who asks from within `current`. What an app keeps with a session is shown only where the app says so. */
export function identitySessionDto(
  session: IdentitySession,
  current: IdentitySession,
  { userName = null, tenantName = null, extraProperties = {} }: SaidByApp = {},
): IdentitySessionDto {
  const id = guid(session.sessionId);
  return {
    id,
    sessionId: id,
    isCurrent: session.sessionId === current.sessionId,
    device: session.device,
    deviceInfo: session.deviceInfo,
    tenantId: session.tenantId,
    tenantName,
    userId: session.userId,
    userName,
    clientId: session.clientId,
    ipAddresses: session.ipAddresses,
    signedIn: instant(session.signedIn),
    lastAccessed: session.lastAccessed === null ? null : instant(session.lastAccessed),
    extraProperties,
  };
}
