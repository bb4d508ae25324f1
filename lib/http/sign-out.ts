import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { asyncHandler, dialectOf, type VerbOptions, wellFormedCredentials } from './request';
import { checkWriteOrigin } from './same-origin';

/**
 * Ends the session of the request and clears its cookie.
 *
 * Needs no guard: `app.post('/sign-out', signOut(manager))`. It also answers requests without a session, or with one that
 * has already ended, so that a user can always sign out. `restRouter` includes it as `DELETE /session`.
 *
 * Responds with 204. Refuses requests with `credentials-ambiguous`, `cross-site` or `store-unavailable`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function signOut(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('signOut', manager, options);

  return asyncHandler(dialect, async function signOut(request) {
    const credentials = wellFormedCredentials(request, dialect);
    const clearCookies = credentials?.transport !== 'bearer';
    if (dialect.sameOrigin && clearCookies) checkWriteOrigin(request, manager.settings);
    const session = credentials && (await manager.signOut(credentials));
    return dialect.revoked(clearCookies, request, session);
  });
}
