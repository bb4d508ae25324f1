import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { asyncHandler, dialectOf, sessionOf, type VerbOptions } from './request';

/** Answers the caller's live sessions. Mounted behind `sessionSecretGuard`. */
export function sessionLookup(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('sessionLookup', manager, options);

  return asyncHandler(dialect, async function sessionLookup(request) {
    const current = sessionOf(request, 'sessionLookup');
    const sessions = await manager.list(current);
    return dialect.sessions(
      sessions.map((session) => manager.describe(session)),
      current,
      request,
    );
  });
}

/** Answers the session that the caller is in. Mounted behind `sessionSecretGuard`. */
export function currentSession(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('currentSession', manager, options);

  return asyncHandler(dialect, async function currentSession(request) {
    return dialect.session(manager.describe(sessionOf(request, 'currentSession')), request);
  });
}
