import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { asyncHandler, dialectOf, type VerbOptions, wellFormedCredentials } from './request';
import { checkWriteOrigin } from './same-origin';

/**
 * Ends the session that the caller is in, and has the browser forget its cookie. It needs no guard before it: a session
 * that has already ended is signed out of too.
 */
export function signOut(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('signOut', manager, options);
  const { origins } = manager.settings;

  return asyncHandler(dialect, async function signOut(request) {
    const credentials = wellFormedCredentials(request, dialect);
    const cookies = credentials?.transport !== 'bearer';
    if (dialect.sameOrigin && cookies) checkWriteOrigin(request, origins);
    const session = credentials && (await manager.signOut(credentials));
    return dialect.revoked(cookies, request, session);
  });
}
