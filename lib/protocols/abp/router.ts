import { json, Router, type Request, type RequestHandler } from 'express';

import { abp } from './dialect';
import type { Answer, Dialect } from '../../http/dialect';
import { readLimits, routeLimiters, type Limit } from '../../http/limiters';
import { asyncHandler, dialectOf } from '../../http/request';
import { revokeRoute } from '../../http/revoke-route';
import { sameOrigin } from '../../http/same-origin';
import { sessionClaimGuard } from '../../http/session-claim-guard';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import { bodyParseErrors, pathDecodeErrors } from '../../http/parse-errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { type Names, throwIfAny, OptionReader } from '../../options/reader';
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
  dialectOf('abpRouter', manager);
  const { isGranted, currentUser, limits, ...description } = checked(options);
  const wire = options.dialect ?? abp(manager.settings);
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

/** The names, so that a misspelt one is noticed. */
const OPTIONS: Names<AbpRouterOptions> = {
  isGranted: true,
  currentUser: true,
  userNameOf: true,
  tenantNameOf: true,
  extraPropertiesOf: true,
  dialect: true,
  limits: true,
};

function checked(options: AbpRouterOptions) {
  const problems: string[] = [];
  const read = new OptionReader(options ?? {}, {}, '', problems);
  read.nothingBut(OPTIONS);
  const given = {
    isGranted: read.givenFunction<IsGranted>('isGranted')!,
    currentUser: read.givenFunction<AbpRouterOptions['currentUser']>('currentUser'),
    userNameOf: read.givenFunction<AbpRouterOptions['userNameOf']>('userNameOf'),
    tenantNameOf: read.givenFunction<AbpRouterOptions['tenantNameOf']>('tenantNameOf'),
    extraPropertiesOf: read.givenFunction<AbpRouterOptions['extraPropertiesOf']>('extraPropertiesOf'),
    limits: readLimits(read, { revoke: true }),
  };
  if (options?.isGranted === undefined) {
    problems.push(
      'it has to know who may administer sessions: give it `isGranted: (permission, request) => boolean`, which is asked for "AbpIdentity.Sessions"',
    );
  }
  throwIfAny(problems, 'abpRouter cannot be built');
  return given;
}
