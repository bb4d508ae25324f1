import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager';
import { covers } from '../session/revocation';
import { answering, dialectOf, sessionOf, type VerbOptions } from './request';

/**
 * Ends what the request names among the caller's own sessions: one by its id, all others, or all. Mounted behind
 * `sessionSecretGuard`. When it answers, this node accepts those sessions no more, and other nodes within the lease.
 */
export function revokeRoute(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('revokeRoute', manager, options);

  return answering(dialect, async function revokeRoute(request) {
    const current = sessionOf(request, 'revokeRoute');
    const which = dialect.revocation(request, current);
    await manager.revoke(which, { by: current.userId });
    const forget = covers(which, current) && dialect.credentials(request)?.transport === 'cookie';
    return dialect.revoked(forget, request, current);
  });
}
