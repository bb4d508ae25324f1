import { parsedSessionId } from './credentials';
import type { IdentitySession } from './session';

/** The claims of a token that name its session. */
export interface SessionClaims {
  /** The session id in OpenID Connect (Front-Channel Logout 1.0, section 3). */
  readonly sid?: unknown;
  /** Another common name of the same claim. */
  readonly sessionid?: unknown;
}

/**
 * Returns the claims that name the session, for a token that the app signs.
 * @throws TypeError if `session` is not a session
 */
export function claims(session: Pick<IdentitySession, 'sessionId'>): { sid: string; sessionid: string } {
  const sessionId = parsedSessionId((session as typeof session | undefined)?.sessionId);
  if (sessionId === undefined) {
    throw new TypeError('`claims` needs a session: write `claims(await manager.create({ userId }))`');
  }
  return { sid: sessionId, sessionid: sessionId };
}

/** Returns the id of the session that the claims name. Returns undefined if they name none, two, or an invalid id. */
export function claimedSession({ sid, sessionid }: SessionClaims): string | undefined {
  const named = [sid, sessionid].filter((claim) => claim !== undefined && claim !== null);
  const ids = new Set(named.map((claim) => parsedSessionId(claim)));
  const [id] = ids;
  return ids.size === 1 ? id : undefined;
}
