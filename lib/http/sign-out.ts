import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager';
import { sessionsOf } from '../session/revocation';
import { answering, dialectOf, sessionOf, type VerbOptions } from './request';

/** Ends the session that the caller is in, and has the browser forget its cookie. Mounted behind `sessionSecretGuard`. */
export function signOut(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('signOut', manager, options);

  return answering(dialect, async function signOut(request) {
    const current = sessionOf(request, 'signOut');
    await manager.revoke(sessionsOf(current, [current.sessionId]), { reason: 'signed-out', by: current.userId });
    return dialect.revoked(true);
  });
}
