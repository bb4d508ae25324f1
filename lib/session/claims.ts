import { parsedSessionId } from './credentials';
import type { IdentitySession } from './session';

/** What a token says of the session that it belongs to. */
export interface SessionClaims {
  /** As OpenID Connect calls it (Front-Channel Logout 1.0, section 3). */
  readonly sid?: unknown;
  /** The same as ABP calls it. */
  readonly sessionid?: unknown;
}

/**
 * The claims by which a token that the app signs names its session.
 * @throws TypeError for what is no session
 */
export function claims(session: Pick<IdentitySession, 'sessionId'>): { sid: string; sessionid: string } {
  const sessionId = parsedSessionId((session as typeof session | undefined)?.sessionId);
  if (sessionId === undefined) {
    throw new TypeError('claims are made of a session: write `claims(await manager.create({ userId }))`');
  }
  return { sid: sessionId, sessionid: sessionId };
}

/** The session that the claims name, or undefined: also when they name two, or something that is no id. */
export function claimedSession({ sid, sessionid }: SessionClaims): string | undefined {
  const named = [sid, sessionid].filter((claim) => claim !== undefined && claim !== null);
  const ids = new Set(named.map((claim) => parsedSessionId(claim)));
  const [id] = ids;
  return ids.size === 1 ? id : undefined;
}
