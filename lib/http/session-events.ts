import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import type { Answer } from './dialect';
import { dialectOf, sessionOf, type VerbOptions } from './request';
import { sessionStream } from './session-stream';

/**
 * Streams the first page of the caller's live sessions as server-sent events: `sessions` immediately and after each change, in
 * the form of the dialect's list, and `ended` with the refusal after the session of the request has ended.
 *
 * Mount it behind a guard with `activity: false`, so that an open page keeps no session alive:
 * `app.get('/sessions/events', guard, sessionEvents(manager))`. `restRouter` includes it.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it
 */
export function sessionEvents(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('sessionEvents', manager, options);
  return sessionStream('sessionEvents', manager, {
    async sessions(page, request) {
      const sessions = page.sessions.map((session) => manager.describe(session));
      return dataOf(await dialect.sessions({ ...page, sessions }, sessionOf(request), request));
    },
    ended: (refusal, request) => dataOf(dialect.refusal(refusal, request)),
  });
}

function dataOf({ body = '' }: Answer): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
