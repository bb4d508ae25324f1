import { Router } from 'express';

import { autologin } from './autologin';
import { LIMIT, routeLimiters, type Limit } from './limiters';
import { restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { revokeRoute } from './revoke-route';
import { currentSession, sessionLookup } from './session-lookup';
import { sessionSecretGuard } from './session-secret-guard';
import { signOut } from './sign-out';
import type { IdentitySessionManager } from '../manager/manager';
import type { OptionTable } from '../options/reader';

/** What the REST router may be told beside its wire. */
export interface RestRouterOptions extends VerbOptions {
  /** How often an address may fail at autologin, and revoke. 100 failures and 300 requests in 5 minutes by default. */
  readonly limits?:
    { readonly autologin?: Limit | undefined; readonly revoke?: Limit | undefined } | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  limits: { group: { autologin: LIMIT, revoke: LIMIT } },
} satisfies OptionTable<RestRouterOptions>;

/**
 * The REST routes, to be mounted where the app wants them:
 *
 * | route | answer |
 * |---|---|
 * | `GET /session` | the caller's session; does not count as activity |
 * | `DELETE /session` | signs out |
 * | `POST /session/autologin` | revives the session and issues its cookie anew |
 * | `GET /sessions` | the caller's sessions |
 * | `DELETE /sessions/:id` | ends one of them |
 * | `DELETE /sessions` | ends all others; with `?current=true` this one too |
 *
 * @throws TypeError for options that cannot be used
 */
export function restRouter(manager: IdentitySessionManager, options: RestRouterOptions = {}): Router {
  const { dialect = restDialect(manager), limits } = verbOptions('restRouter', manager, options, OPTIONS);
  const guard = sessionSecretGuard(manager, { dialect });
  const peek = sessionSecretGuard(manager, { dialect, activity: false });
  const returning = [
    ...routeLimiters('autologin', dialect, limits.autologin),
    autologin(manager, { dialect }),
  ];
  const revoke = [
    ...routeLimiters('revoke', dialect, limits.revoke),
    guard,
    revokeRoute(manager, { dialect }),
  ];

  const router = Router();
  router.get('/session', peek, currentSession(manager, { dialect }));
  router.delete('/session', signOut(manager, { dialect }));
  router.post('/session/autologin', returning);
  router.get('/sessions', guard, sessionLookup(manager, { dialect }));
  router.delete('/sessions/:id', revoke);
  router.delete('/sessions', revoke);
  return router;
}
