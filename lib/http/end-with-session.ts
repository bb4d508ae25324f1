import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import { dialectOf, sessionOf } from './request';

/**
 * For answers that stay open, such as server-sent events: ends the response when the session that the request was made in
 * has ended, on whatever node. Mounted behind `sessionSecretGuard` and before the handler. An open stream is no use of the
 * session: without requests it expires, and the stream with it.
 */
export function endWithSession(manager: IdentitySessionManager): RequestHandler {
  dialectOf('endWithSession', manager);
  return function endWithSession(request, response, next) {
    const { sessionId } = sessionOf(request, 'endWithSession');
    // Whoever left while the guard asked the store has closed the response for good: nothing would end the watch.
    if (response.closed) return next();
    // Not `end`: a handler that goes on writing would meet an error, and a client take what it has for the whole.
    const unwatch = manager.onEnded(sessionId, () => response.destroy());
    response.once('close', unwatch);
    next();
  };
}
