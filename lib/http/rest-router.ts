import { Router } from 'express';

import { autologin } from './autologin';
import { deviceBinding } from './device-binding';
import { parseBody } from './form-body';
import { limitChoice } from './limit-choice';
import { LIMIT, attemptLimiters, revokeLimiters, type Limit } from './limiters';
import { bodyParseErrors, pathDecodeErrors } from './parse-errors';
import { nameRoute } from './name-route';
import { RECENT, type RecentOptions } from './require-recent';
import { restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { revokeRoute } from './revoke-route';
import { sessionEvents } from './session-events';
import { currentSession, sessionLookup } from './session-lookup';
import { sessionSecretGuard } from './session-secret-guard';
import { sessionTrail } from './session-trail';
import { signOut } from './sign-out';
import type { IdentitySessionManager } from '../manager/manager';
import type { OptionTable } from '../options/reader';

/** The options of `restRouter`. */
export interface RestRouterOptions extends VerbOptions {
  /**
   * The rate limits. Default: 100 failed autologins of an address and 300 revocations of a session in 5 minutes. `false`
   * disables a limit.
   */
  readonly limits?:
    { readonly autologin?: Limit | undefined; readonly revoke?: Limit | undefined } | undefined;
  /**
   * The authentication that ending other sessions requires, such as `{ maxAge: '10M' }`. Reading lists and ending the own session
   * never require it. Default: the option `recency` of the manager; `false` requires nothing.
   */
  readonly recent?: RecentOptions | false | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  limits: { group: { autologin: LIMIT, revoke: LIMIT } },
  recent: { group: RECENT, off: true },
} satisfies OptionTable<RestRouterOptions>;

/**
 * Creates a router with all REST routes. Mount it at any path: `app.use('/api', restRouter(manager))`.
 *
 * | route | effect |
 * |---|---|
 * | `GET /session` | returns the caller's session; does not count as activity |
 * | `DELETE /session` | signs out |
 * | `POST /session/autologin` | revives the session and issues its cookie again |
 * | `POST /session/binding` | binds the session to its device, and renews the bound cookie; called by browsers |
 * | `GET /session/choice` | returns the sessions that the holder of a ticket can end |
 * | `POST /session/choice` | ends some of them and completes the sign-in |
 * | `GET /sessions` | returns a page of the caller's sessions |
 * | `GET /sessions/trail` | returns a page of the caller's history |
 * | `PATCH /sessions/:id` | names one of them |
 * | `DELETE /sessions/:id` | ends one of them |
 * | `GET /sessions/events` | streams the caller's sessions; does not count as activity |
 * | `DELETE /sessions/others` | ends all sessions except the current one |
 * | `DELETE /sessions/all` | ends all sessions |
 *
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function restRouter(manager: IdentitySessionManager, options: RestRouterOptions = {}): Router {
  const {
    dialect = restDialect(manager),
    limits,
    recent,
  } = verbOptions('restRouter', manager, options, OPTIONS);
  const guard = sessionSecretGuard(manager, { dialect });
  const guardWithoutActivity = sessionSecretGuard(manager, { dialect, activity: false });
  const revive = [
    ...attemptLimiters(manager, 'autologin', { dialect, limit: limits.autologin }),
    autologin(manager, { dialect }),
  ];
  const limited = [guard, ...revokeLimiters(dialect, limits.revoke)];

  const router = Router();
  router.get('/session', guardWithoutActivity, currentSession(manager, { dialect }));
  router.delete('/session', signOut(manager, { dialect }));
  router.post('/session/autologin', revive);
  router.post('/session/binding', deviceBinding(manager, { dialect }));
  const choice = limitChoice(manager, { dialect });
  router.get('/session/choice', choice);
  router.post('/session/choice', [...parseBody], choice);
  router.use('/session/choice', bodyParseErrors(dialect));
  router.get('/sessions', guard, sessionLookup(manager, { dialect }));
  router.get('/sessions/trail', guard, sessionTrail(manager, { dialect }));
  router.get('/sessions/events', guardWithoutActivity, sessionEvents(manager, { dialect }));
  router.delete('/sessions/others', limited, revokeRoute(manager, { dialect, recent, which: 'others' }));
  router.delete('/sessions/all', limited, revokeRoute(manager, { dialect, recent, which: 'all' }));
  router.patch(
    '/sessions/:id',
    guard,
    [...parseBody],
    bodyParseErrors(dialect),
    nameRoute(manager, { dialect }),
  );
  router.delete('/sessions/:id', limited, revokeRoute(manager, { dialect, recent }));
  // Without a path, Express would pass every other request of the app on one turn of the event loop later.
  router.use('/sessions', pathDecodeErrors(dialect));
  return router;
}
