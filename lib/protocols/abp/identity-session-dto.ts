import type { IdentitySession } from '../../session/session';
import { visible } from '../../session/text';
import { instant } from '../../http/dialect';
import { guid } from './guid';

/** A session in ABP's form. */
export interface IdentitySessionDto {
  readonly id: string;
  /** The same value as `id`. ABP has a second id here, which its tokens contain. */
  readonly sessionId: string;
  /** True if it is the session of the request. */
  readonly isCurrent: boolean;
  /** The kind of device: `Web`, `OAuth`, `Mobile`, `Impersonation` or a value of the app. */
  readonly device: string;
  /** A description of the device for people. */
  readonly deviceInfo: string | null;
  readonly tenantId: string | null;
  readonly tenantName: string | null;
  readonly userId: string;
  readonly userName: string | null;
  readonly clientId: string | null;
  /** The newest address is the last one. */
  readonly ipAddresses: readonly string[];
  /** In ISO 8601, as all times. */
  readonly signedIn: string;
  /** Null before the first request. */
  readonly lastAccessed: string | null;
  readonly extraProperties: Readonly<Record<string, unknown>>;
}

/** The details of a session that the app provides. */
export interface DetailsFromApp {
  readonly userName?: string | null | undefined;
  readonly tenantName?: string | null | undefined;
  readonly extraProperties?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Converts a session to ABP's form. `current` is the session of the request. The `extraProperties` of the session are not
 * included, only those that the app provides.
 */
export function identitySessionDto(
  session: IdentitySession,
  current: IdentitySession,
  { userName = null, tenantName = null, extraProperties = {} }: DetailsFromApp = {},
): IdentitySessionDto {
  const id = guid(session.sessionId);
  return {
    id,
    sessionId: id,
    isCurrent: session.sessionId === current.sessionId,
    device: visible(session.device),
    deviceInfo: visible(session.deviceInfo),
    tenantId: session.tenantId,
    tenantName: visible(tenantName),
    userId: session.userId,
    userName: visible(userName),
    clientId: visible(session.clientId),
    ipAddresses: session.ipAddresses,
    signedIn: instant(session.signedIn),
    lastAccessed: session.lastAccessed === null ? null : instant(session.lastAccessed),
    extraProperties,
  };
}
