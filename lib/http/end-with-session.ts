import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { dialectOf, sessionOf } from './request';

/**
 * Closes a response that stays open, such as server-sent events, when the session of the request ends on any node. An open
 * response is not activity: without further requests the session expires, and the response is closed.
 *
 * Mount it behind the guard and before the handler that keeps the response open:
 * `app.get('/events', sessionSecretGuard(manager), endWithSession(manager), sendEvents)`.
 * @throws TypeError if the manager is missing, or, for a request, if no guard is mounted before it
 */
export function endWithSession(manager: IdentitySessionManager): RequestHandler {
  dialectOf('endWithSession', manager);
  return function endWithSession(request, response, next) {
    const { sessionId } = sessionOf(request, 'endWithSession');
    // If the client left while the guard waited for the store, `close` was already emitted and would never remove the watch.
    if (response.closed) return next();
    // Not `end`, because the handler would get an error at its next write, and the client would take the response as complete.
    const unwatch = manager.onEnded(sessionId, () => response.destroy());
    response.once('close', unwatch);
    next();
  };
}
