import type { Request, RequestHandler } from 'express';

import type { Dialect } from './dialect';
import type { IdentitySessionManager } from '../manager/manager';
import { covers, type Revocation } from '../session/revocation';
import type { IdentitySession } from '../session/session';
import { asyncHandler, dialectOf, sessionOf, type VerbOptions } from './request';

/**
 * Ends sessions of the caller: the one that the request names by its id, all other sessions, or all sessions. This node
 * refuses them from the response on, other nodes within the lease.
 *
 * Mount it behind the guard: `app.delete('/sessions/:id', guard, revokeRoute(manager))`. Without `:id` in the path it ends
 * all other sessions, and with the query `current=true` all sessions. `restRouter` includes it.
 *
 * Responds with 204, and clears the caller's cookie if its own session was ended. Refuses requests with
 * `session-not-found`, `invalid-request` or `store-unavailable`.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it
 */
export function revokeRoute(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('revokeRoute', manager, options);

  return asyncHandler(dialect, async function revokeRoute(request) {
    const current = sessionOf(request, 'revokeRoute');
    const which = dialect.revocation(request, current);
    await manager.revoke(which, { by: current.userId });
    return dialect.revoked(mustClearCookie(which, current, request, dialect), request, current);
  });
}

/** Returns true if the revocation ends the caller's own session and the request identified itself by a cookie. */
export function mustClearCookie(
  which: Revocation,
  current: IdentitySession,
  request: Request,
  dialect: Dialect,
): boolean {
  return covers(which, current) && dialect.credentials(request)?.transport === 'cookie';
}
