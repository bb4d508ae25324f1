import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { answering, dialectOf, readableCredentials, type VerbOptions } from './request';
import { insistOnSameOrigin } from './same-origin';

/**
 * Ends the session that the caller is in, and has the browser forget its cookie. It needs no guard before it: a session
 * that has already ended is signed out of too.
 */
export function signOut(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('signOut', manager, options);
  const { origins } = manager.settings;

  return answering(dialect, async function signOut(request) {
    const shown = readableCredentials(request, dialect);
    const cookies = shown?.transport !== 'bearer';
    if (dialect.sameOrigin && cookies) insistOnSameOrigin(request, origins);
    const session = shown && (await manager.signOut(shown));
    return dialect.revoked(cookies, request, session);
  });
}
