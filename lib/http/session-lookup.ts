import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { asyncHandler, dialectOf, sessionOf, type VerbOptions } from './request';

/**
 * Responds with a page of the caller's live sessions, newest sign-in first, each with its device and location.
 *
 * Mount it behind the guard: `app.get('/sessions', guard, sessionLookup(manager))`. `restRouter` includes it.
 * Refuses requests with `invalid-request` if they ask for an invalid page, and with `store-unavailable` if the database does
 * not answer.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it
 */
export function sessionLookup(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('sessionLookup', manager, options);

  return asyncHandler(dialect, async function sessionLookup(request) {
    const current = sessionOf(request, 'sessionLookup');
    const asked = dialect.page(request);
    const page = 'skip' in asked ? await manager.search(current, asked) : await manager.list(current, asked);
    const sessions = page.sessions.map((session) => manager.describe(session));
    return dialect.sessions({ ...page, sessions }, current, request);
  });
}

/**
 * Responds with the session of the request. Needs no query beyond that of the guard.
 *
 * Mount it behind the guard: `app.get('/session', guard, currentSession(manager))`. If pages poll it, pass
 * `activity: false` to their guard, so that an open page does not keep its session alive. `restRouter` does so.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it
 */
export function currentSession(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('currentSession', manager, options);

  return asyncHandler(dialect, async function currentSession(request) {
    const current = sessionOf(request, 'currentSession');
    return dialect.session(manager.describe(current), request);
  });
}
