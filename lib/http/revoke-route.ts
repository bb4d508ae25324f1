import type { Request, RequestHandler } from 'express';

import type { Dialect } from './dialect';
import type { IdentitySessionManager } from '../manager/manager';
import { covers, type Revocation } from '../session/revocation';
import type { IdentitySession } from '../session/session';
import { asyncHandler, dialectOf, sessionOf, type VerbOptions } from './request';

/**
 * Ends what the request names among the caller's own sessions: one by its id, all others, or all. Mounted behind
 * `sessionSecretGuard`. When it answers, this node accepts those sessions no more, and other nodes within the lease.
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

/** Whether the caller's cookie is to be forgotten: when the session that it belongs to is among those that ended. */
export function mustClearCookie(
  which: Revocation,
  current: IdentitySession,
  request: Request,
  dialect: Dialect,
): boolean {
  return covers(which, current) && dialect.credentials(request)?.transport === 'cookie';
}
