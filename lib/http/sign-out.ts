import type { Request, RequestHandler } from 'express';

import { clientAddress } from './client-address';
import type { Answer, Dialect } from './dialect';
import { transportOf } from './guarded-session';
import type { IdentitySessionManager } from '../manager/manager';
import { sessionsOf } from '../session/revocation';
import { actingUser } from '../session/session';
import { afterBody } from './parse-errors';
import { asyncHandler, dialectOf, type VerbOptions, wellFormedCredentials } from './request';
import { checkActionOrigin } from './same-origin';

/**
 * Ends the session of the request and clears its cookie.
 *
 * Needs no guard: `app.post('/sign-out', signOut(manager))`. It also answers requests without a session, or with one that
 * has already ended, so that a user can always sign out. `restRouter` includes it as `DELETE /session`.
 *
 * Behind a guard, such as `sessionClaimGuard`, it ends the session that the guard set, and no other. It clears the cookie only
 * if the cookie belongs to this session.
 *
 * Responds with 204. Refuses requests with `credentials-ambiguous`, `cross-site` or `store-unavailable`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function signOut(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('signOut', manager, options);

  const handler = asyncHandler(dialect, (request) => endSessionOf(request, manager, dialect));
  return afterBody(dialect, handler);
}

/**
 * Ends the session of the request: the one that a guard set, or else the one that the credentials belong to. Returns the answer
 * of `signOut`.
 * @throws SessionError `credentials-ambiguous`, `cross-site`, `store-unavailable`
 */
export async function endSessionOf(
  request: Request,
  manager: IdentitySessionManager,
  dialect: Dialect,
): Promise<Answer> {
  const { identitySession: guarded } = request;
  if (guarded !== undefined) {
    const transport = transportOf(request, guarded, dialect);
    checkActionOrigin(request, transport, dialect, manager.settings);
    const which = sessionsOf(guarded, [guarded.sessionId]);
    await manager.revoke(which, { reason: 'signed-out', by: actingUser(guarded) });
    return dialect.revoked(transport === 'cookie', request, guarded);
  }
  const credentials = wellFormedCredentials(request, dialect);
  checkActionOrigin(request, credentials?.transport, dialect, manager.settings);
  const visit = { ipAddress: clientAddress(request), userAgent: request.headers['user-agent'] };
  const session = credentials && (await manager.signOut(credentials, visit));
  return dialect.revoked(credentials?.transport !== 'bearer', request, session);
}
