import type { Request } from 'express';

import type { Dialect, Transport } from './dialect';
import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { IdentitySession } from '../session/session';

/**
 * Sets the session of the request. Every guard uses it.
 * @throws SessionError `credentials-ambiguous` if an earlier guard set another session
 */
export function setSession(request: Request, session: IdentitySession): void {
  checkAgreement(request, session);
  request.identitySession = session;
}

const proved = new WeakMap<Request, IdentitySessionManager>();

/**
 * Marks a request, after `setSession`, whose session was proved by the session of another system, which `sessionSecretGuard` cannot
 * read. The proof holds for one manager only: an app can have several, for example one for administrators.
 */
export function markProved(request: Request, manager: IdentitySessionManager): void {
  proved.set(request, manager);
}

export function isProved(request: Request, manager: IdentitySessionManager): boolean {
  return request.identitySession !== undefined && proved.get(request) === manager;
}

/**
 * Checks that the credentials of the request name the session that a guard set, if a guard is mounted. Verbs that act on
 * the credentials use it, so that they cannot act on another session than the routes around them.
 * @throws SessionError `credentials-ambiguous`
 */
export function checkAgreement(
  { identitySession }: Request,
  credentials: Pick<IdentitySession, 'sessionId'> | undefined,
): void {
  if (identitySession === undefined || credentials === undefined) return;
  if (identitySession.sessionId === credentials.sessionId) return;
  throw new SessionError('credentials-ambiguous', 'The request contains the credentials of two sessions.');
}

/**
 * Returns the transport of the session's own credentials. Returns undefined if a guard found the session elsewhere, for example
 * in a token of the app, even if the request also has credentials of another session or malformed ones.
 */
export function transportOf(
  request: Request,
  { sessionId }: IdentitySession,
  dialect: Dialect,
): Transport | undefined {
  try {
    const credentials = dialect.credentials(request);
    return credentials?.sessionId === sessionId ? credentials.transport : undefined;
  } catch (error) {
    if (error instanceof SessionError) return undefined;
    throw error;
  }
}
