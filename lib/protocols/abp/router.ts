import { json, Router, type Request, type RequestHandler } from 'express';

import { abp } from './dialect';
import type { Answer, Dialect } from '../../http/dialect';
import { LIMIT, revokeLimiters, type Limit } from '../../http/limiters';
import { permissionGuard } from '../../http/permission-guard';
import { asyncHandler, VERB_OPTIONS, verbOptions } from '../../http/request';
import { RECENT, recentGuard, type RecentOptions } from '../../http/require-recent';
import { revokeRoute } from '../../http/revoke-route';
import { sameOrigin, sentByBrowser } from '../../http/same-origin';
import { sessionClaimGuard, type ClaimGuardOptions } from '../../http/session-claim-guard';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import { bodyParseErrors, pathDecodeErrors } from '../../http/parse-errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { func } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import type { SessionClaims } from '../../session/claims';
import { AccountSessions } from './account-sessions';
import { sessionDescriber, type DescribeSessions, type SessionDetailOptions } from './description';
import { IdentitySessions } from './identity-sessions';
import { PERMISSION, type IsGranted } from './permission';
import { PolicySettings } from './policy-settings';

/** The options of `abpRouter`. */
export interface AbpRouterOptions extends SessionDetailOptions {
  /**
   * Decides if the request's user may administer sessions; it is called with `AbpIdentity.Sessions`. Required. Any result except
   * `true` refuses the request, and so does an error. A user with a tenant administers this tenant, and a user without a tenant
   * administers all tenants and the settings.
   */
  readonly isGranted: IsGranted;
  /**
   * Returns the verified claims of the request's user or token, for apps that authenticate requests themselves. They name the
   * session as `claims` wrote it, for example `(request) => request.user`. Without this function, requests prove their session by
   * this package's cookie or bearer token.
   */
  readonly currentUser?: ((request: Request) => SessionClaims | null | undefined) | undefined;
  /** Returns the user that the token names, as `subjectOf` of `sessionClaimGuard` does. Only with `currentUser`. */
  readonly subjectOf?: ClaimGuardOptions['subjectOf'];
  /** The dialect. Default: `abp(manager.settings)`. Replace parts of it with `{ ...abp(manager.settings), refusal }`. */
  readonly dialect?: Dialect | undefined;
  /** Rate limits per session. `revoke` limits both `DELETE` routes. Default: 300 requests in 5 minutes. */
  readonly limits?: { readonly revoke?: Limit | undefined } | undefined;
  /**
   * The authentication that ending other sessions and changing settings require, such as `{ maxAge: '10M' }`. Reading and ending the own
   * session never require it. Default: the option `recency` of the manager; `false` requires nothing.
   */
  readonly recent?: RecentOptions | false | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  isGranted: {
    check: func<IsGranted>(),
    required:
      'give `isGranted: (permission, request) => boolean`, which decides who may administer sessions; it is called with "AbpIdentity.Sessions"',
  },
  currentUser: { check: func<NonNullable<AbpRouterOptions['currentUser']>>() },
  subjectOf: { check: func<NonNullable<AbpRouterOptions['subjectOf']>>() },
  userNameOf: { check: func<NonNullable<AbpRouterOptions['userNameOf']>>() },
  tenantNameOf: { check: func<NonNullable<AbpRouterOptions['tenantNameOf']>>() },
  extraPropertiesOf: { check: func<NonNullable<AbpRouterOptions['extraPropertiesOf']>>() },
  limits: { group: { revoke: LIMIT } },
  recent: { group: RECENT, off: true },
} satisfies OptionTable<AbpRouterOptions>;

/**
 * Creates a router with ABP's routes for sessions. Mount it at `/api`. It passes requests for other paths on.
 *
 * | route | effect | for |
 * |---|---|---|
 * | `GET /identity/sessions` | returns the sessions of all users | administrators |
 * | `GET /identity/sessions/:id` | returns one of them | administrators |
 * | `DELETE /identity/sessions/:id` | ends one of them | administrators |
 * | `GET /account/sessions` | returns the caller's sessions | users |
 * | `GET /account/sessions/:id` | returns one of them | users |
 * | `DELETE /account/sessions/:id` | ends one of them | users |
 * | `GET`, `PUT /identity/settings/session` | returns or sets the rule for concurrent logins | administrators |
 * | `GET`, `PUT /account-admin/settings/idle` | returns or sets when inactive users are signed out | administrators |
 *
 * @throws TypeError if `manager` is not a manager or if options are invalid
 */
export function abpRouter(manager: IdentitySessionManager, options: AbpRouterOptions): Router {
  const given = verbOptions('abpRouter', manager, options, OPTIONS);
  const {
    isGranted,
    currentUser,
    subjectOf,
    limits,
    recent,
    dialect: base = abp(manager.settings),
    ...details
  } = given;
  // If the app authenticates requests, their credentials and cookies are not this package's.
  const dialect = currentUser === undefined ? base : { ...base, credentials: () => undefined };
  const guards = guardsOf(manager, dialect, currentUser, subjectOf);
  const parts: RouterParts = {
    manager,
    dialect,
    describe: sessionDescriber(details),
    user: guards,
    administrator: [
      ...guards,
      permissionGuard(dialect, (request) => isGranted(PERMISSION, request), manager.settings.report),
    ],
    limited: revokeLimiters(dialect, limits.revoke),
    recent,
  };

  const router = Router();
  addIdentityRoutes(router, parts);
  addAccountRoutes(router, parts);
  addSettingsRoutes(router, parts);
  // Without paths, Express would pass every other request of the app on one turn of the event loop later.
  router.use(['/identity/sessions', '/account/sessions'], pathDecodeErrors(dialect));
  return router;
}

interface RouterParts {
  readonly manager: IdentitySessionManager;
  readonly dialect: Dialect;
  readonly describe: DescribeSessions;
  /** The guards of routes for users. */
  readonly user: RequestHandler[];
  /** The guards of routes for administrators. */
  readonly administrator: RequestHandler[];
  readonly limited: RequestHandler[];
  readonly recent: RecentOptions | false;
}

function addIdentityRoutes(router: Router, parts: RouterParts): void {
  const { manager, dialect, describe, administrator, limited, recent } = parts;
  const sessions = new IdentitySessions(manager, dialect, describe);
  const handler = (action: Action) => asyncHandler(dialect, action);
  router.get(
    '/identity/sessions',
    administrator,
    handler((request) => sessions.list(request)),
  );
  router
    .route('/identity/sessions/:id')
    .get(
      administrator,
      handler((request) => sessions.get(request)),
    )
    .delete(
      administrator,
      recentGuard(manager, dialect, recent),
      limited,
      handler((request) => sessions.revoke(request)),
    );
}

function addAccountRoutes(
  router: Router,
  { manager, dialect, describe, user, limited, recent }: RouterParts,
): void {
  const sessions = new AccountSessions(manager, describe);
  const handler = (action: Action) => asyncHandler(dialect, action);
  router.get(
    '/account/sessions',
    user,
    handler((request) => sessions.list(request)),
  );
  router
    .route('/account/sessions/:id')
    .get(
      user,
      handler((request) => sessions.get(request)),
    )
    .delete(user, limited, revokeRoute(manager, { dialect, recent }));
}

function addSettingsRoutes(router: Router, { manager, dialect, administrator, recent }: RouterParts): void {
  const settings = new PolicySettings(manager);
  // A shorter idle timeout ends sessions of others.
  const change = [...administrator, recentGuard(manager, dialect, recent)];
  const handler = (action: Action) => asyncHandler(dialect, action);
  // The parser has its own router, so that errors of other handlers are not taken for parse errors.
  const body = Router().use(json(), bodyParseErrors(dialect));
  router
    .route('/identity/settings/session')
    .get(
      administrator,
      handler(() => settings.session()),
    )
    .put(
      change,
      body,
      handler((request) => settings.setSession(request)),
    );
  router
    .route('/account-admin/settings/idle')
    .get(
      administrator,
      handler(() => settings.idle()),
    )
    .put(
      change,
      body,
      handler((request) => settings.setIdle(request)),
    );
}

type Action = (request: Request) => Promise<Answer>;

function guardsOf(
  manager: IdentitySessionManager,
  dialect: Dialect,
  claimsOf: AbpRouterOptions['currentUser'],
  subjectOf: AbpRouterOptions['subjectOf'],
): RequestHandler[] {
  if (claimsOf === undefined) return [sessionSecretGuard(manager, { dialect })];
  return [
    sameOriginUnlessBearer(manager, dialect),
    sessionClaimGuard(manager, { dialect, claimsOf, subjectOf }),
  ];
}

/** Creates a same-origin check for requests that the app authenticates in an unknown way. */
function sameOriginUnlessBearer(manager: IdentitySessionManager, dialect: Dialect): RequestHandler {
  const check = sameOrigin(manager, { dialect });
  return function sameOriginUnlessBearer(request, response, next) {
    if (sentByBrowser(request, undefined)) void check(request, response, next);
    else next();
  };
}
