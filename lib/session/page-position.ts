import { invalidRequest } from '../errors';
import { isSessionId } from './credentials';
import type { IdentitySession } from './session';

/** A position in a list that is sorted by the time of sign-in: that of one session, which may have ended since. */
export type PagePosition = Pick<IdentitySession, 'signedIn' | 'sessionId'>;

/** Returns the position as the text that callers pass back to get the next page. */
export function positionText({ signedIn, sessionId }: PagePosition): string {
  return `${signedIn}.${sessionId}`;
}

/**
 * Returns the position that `positionText` wrote. A forged position only selects another part of the caller's own list.
 * @throws SessionError `invalid-request`
 */
export function parsedPosition(after: string): PagePosition {
  const [, signedIn, sessionId] = /^(\d{1,15})\.(\w{32})$/.exec(after) ?? [];
  if (signedIn !== undefined && isSessionId(sessionId)) return { signedIn: Number(signedIn), sessionId };
  throw invalidRequest('after', '"{name}" must be the "next" value of a page.');
}
