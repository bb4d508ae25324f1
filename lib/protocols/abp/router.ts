import { json, Router, type Request, type RequestHandler } from 'express';

import { abp } from './dialect';
import type { Answer, Dialect } from '../../http/dialect';
import { LIMIT, routeLimiters, type Limit } from '../../http/limiters';
import { asyncHandler, VERB_OPTIONS, verbOptions } from '../../http/request';
import { revokeRoute } from '../../http/revoke-route';
import { sameOrigin } from '../../http/same-origin';
import { sessionClaimGuard } from '../../http/session-claim-guard';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import { bodyParseErrors, pathDecodeErrors } from '../../http/parse-errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import type { SessionClaims } from '../../session/claims';
import { AccountSessions } from './account-sessions';
import { describing, type AppsDescription } from './description';
import { IdentitySessions } from './identity-sessions';
import { permitted, type IsGranted } from './permission';
import { PolicySettings } from './policy-settings';

/** What the router of ABP's wire is told. */
export interface AbpRouterOptions extends AppsDescription {
  /**
   * Whether the app grants a permission to the user of a request; it is asked for `AbpIdentity.Sessions` before everything
   * that is for administrators. Whatever is not `true` is a refusal, and so is a throw. Required. A user with a `tenantId`
   * to whom it is granted administers that tenant, a user without one all there are.
   */
  readonly isGranted: IsGranted;
  /**
   * Who is signed in, for apps that authenticate requests by themselves: the verified claims of the request's token or
   * user, which name the session as `claims` put it there, `(request) => request.user`. When it is absent, requests prove
   * possession of a session by this package's cookie or bearer token.
   */
  readonly currentUser?: ((request: Request) => SessionClaims | null | undefined) | undefined;
  /** The wire, where an app wants some of it otherwise: `{ ...abp(manager.settings), refusal }`. */
  readonly dialect?: Dialect | undefined;
  /** How often an address may revoke: 300 requests in 5 minutes by default. */
  readonly limits?: { readonly revoke?: Limit | undefined } | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  isGranted: {
    check: func<IsGranted>(),
    required:
      'give `isGranted: (permission, request) => boolean`, which decides who may administer sessions; it is called with "AbpIdentity.Sessions"',
  },
  currentUser: { check: func<NonNullable<AbpRouterOptions['currentUser']>>() },
  userNameOf: { check: func<NonNullable<AbpRouterOptions['userNameOf']>>() },
  tenantNameOf: { check: func<NonNullable<AbpRouterOptions['tenantNameOf']>>() },
  extraPropertiesOf: { check: func<NonNullable<AbpRouterOptions['extraPropertiesOf']>>() },
  limits: { group: { revoke: LIMIT } },
} satisfies OptionTable<AbpRouterOptions>;

/**
 * ABP's calls about sessions, for its front ends and generated proxies, to be mounted at `/api`. Other paths are passed on.
 *
 * | route | answer |
 * |---|---|
 * | `GET /identity/sessions` | everybody's sessions; for administrators |
 * | `GET /identity/sessions/:id` | one of them; for administrators |
 * | `DELETE /identity/sessions/:id` | ends it; for administrators |
 * | `GET /account/sessions` | the caller's sessions |
 * | `GET /account/sessions/:id` | one of them |
 * | `DELETE /account/sessions/:id` | ends it |
 * | `GET`, `PUT /identity/settings/session` | the rule about concurrent logins; for administrators |
 * | `GET`, `PUT /account-admin/settings/idle` | when user interfaces sign out who does nothing; for administrators |
 *
 * @throws TypeError for options that cannot be used
 */
export function abpRouter(manager: IdentitySessionManager, options: AbpRouterOptions): Router {
  const given = verbOptions('abpRouter', manager, options, OPTIONS);
  const { dialect: wire = abp(manager.settings), isGranted, currentUser, limits, ...description } = given;
  // Where the app says who is signed in, nothing of a request is a credential of ours, and no cookie is ours to take away.
  const dialect = currentUser === undefined ? wire : { ...wire, credentials: () => undefined };
  const guards =
    currentUser === undefined
      ? [sessionSecretGuard(manager, { dialect })]
      : [fromOwnPages(manager, dialect), sessionClaimGuard(manager, { dialect, claimsOf: currentUser })];
  const administrators = [...guards, permitted(dialect, isGranted, manager.settings.report)];
  const limited = routeLimiters('revoke', dialect, limits.revoke);
  const forCaller = (act: Act) => [...guards, asyncHandler(dialect, act)];
  const forAdministrators = (act: Act, ...before: RequestHandler[]) => [
    ...administrators,
    ...before,
    asyncHandler(dialect, act),
  ];

  const describe = describing(description);
  const everybody = new IdentitySessions(manager, dialect, describe);
  const own = new AccountSessions(manager, describe);
  const settings = new PolicySettings(manager);

  // A router of its own, so that no error but the parser's is taken for a body that cannot be read.
  const body = Router().use(json(), bodyParseErrors(dialect));

  const router = Router();
  router.route('/identity/sessions').get(forAdministrators((request) => everybody.list(request)));
  router
    .route('/identity/sessions/:id')
    .get(forAdministrators((request) => everybody.get(request)))
    .delete([...limited, ...forAdministrators((request) => everybody.revoke(request))]);
  router.route('/account/sessions').get(forCaller((request) => own.list(request)));
  router
    .route('/account/sessions/:id')
    .get(forCaller((request) => own.get(request)))
    .delete([...limited, ...guards, revokeRoute(manager, { dialect })]);
  router
    .route('/identity/settings/session')
    .get(forAdministrators(() => settings.session()))
    .put(forAdministrators((request) => settings.setSession(request), body));
  router
    .route('/account-admin/settings/idle')
    .get(forAdministrators(() => settings.idle()))
    .put(forAdministrators((request) => settings.setIdle(request), body));
  router.use(pathDecodeErrors(dialect));
  return router;
}

type Act = (request: Request) => Promise<Answer>;

/**
 * How the app knows its users is not known here. Browsers send no bearer token by themselves; anything else, `Basic` and
 * `Negotiate` too, they might send on behalf of another site.
 */
function fromOwnPages(manager: IdentitySessionManager, dialect: Dialect): RequestHandler {
  const insist = sameOrigin(manager, { dialect });
  return function fromOwnPages(request, response, next) {
    if (BEARER.test(request.headers.authorization ?? '')) next();
    else void insist(request, response, next);
  };
}

const BEARER = /^bearer /i;
