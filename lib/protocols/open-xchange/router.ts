import { Router, text, type ErrorRequestHandler, type Request, type RequestHandler } from 'express';

import type { NameOf } from '../../http/account-limiter';
import { LIMIT, attemptLimiters, revokeLimiters, type Limit } from '../../http/limiters';
import { bodyParseErrors } from '../../http/parse-errors';
import { verbOptions } from '../../http/request';
import { sessionLookup } from '../../http/session-lookup';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import type { IdentitySessionManager } from '../../manager/manager';
import { duration, flag, func, unchecked, valid } from '../../options/checks';
import type { OptionTable, OptionValues } from '../../options/reader';
import type { Duration } from '../../session/duration';
import { mintSecret } from '../../session/credentials';
import type { IdentitySession } from '../../session/session';
import { actionHandler, moduleHandler, refusePasswordInUrl, type Action } from './actions';
import { answer } from './answers';
import { autologin } from './autologin';
import { changeIp } from './change-ip';
import { CookieRefresh } from './cookie-refresh';
import { openXchange, type OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { parseForm } from './form-body';
import { login, type Authenticate, type ExtraFields } from './login';
import { logout } from './logout';
import { flagParameter, parameter } from './parameters';
import { withoutPathParameter } from './path-parameters';
import { RandomTokens } from './random-tokens';
import { isLocalPath, redeem, redirect } from './redirect';
import { checkRequestOrigin } from './request-origin';
import { refreshSecret, store } from './session-cookies';
import { clearSessions, deleteSessions } from './session-management';
import { recognizeTrusted, trustedClients, type TrustedClients } from './trusted-clients';

/** The options of `openXchangeRouter`. */
export interface OpenXchangeRouterOptions {
  /** Checks name and password. Required. */
  readonly authenticate: Authenticate;
  /**
   * Returns the member `modules` of the login's answer, which can be any JSON value. It is called if the request has the
   * parameter `modules=true`. If the function is missing, the answer omits the member.
   */
  readonly modules?: ((session: IdentitySession, request: Request) => unknown) | undefined;
  /** The dialect. Default: `openXchange(manager.settings)`. */
  readonly dialect?: OpenXchangeDialect | undefined;
  /**
   * If true, `redirect` and `redeem` accept the `random` of a login: once, at the address and with the user agent of the session.
   * If false, both return 400, and the `random` in answers leads nowhere. Default: `false`.
   * [com.openexchange.ajax.login.randomToken]
   */
  readonly randomToken?: boolean | undefined;
  /**
   * The time in which `redirect` or `redeem` accepts the `random` of a login. At most one minute. Default: 30 s. Only the node of
   * the login knows the token. It keeps the session's secret in memory for this time.
   * [com.openexchange.sessiond.randomTokenTimeout]
   */
  readonly randomTokenTimeout?: Duration | undefined;
  /**
   * The path to which `redirect` leads if the request has no valid parameter `uiWebPath`. Default: `/appsuite/`.
   * [com.openexchange.UIWebPath]
   */
  readonly uiWebPath?: string | undefined;
  /**
   * The programs that may send `clientIP` and `clientUserAgent`, and use the action `changeip`: servers that sign in on behalf of a
   * client, such as a portal. Pass addresses, ranges and networks in the form of `ipCheck.ranges`, or a function of the request that
   * returns true. The parameters of all others are ignored, and `changeip` is refused. Behind a proxy, addresses need the Express
   * setting `trust proxy`. Default: `[]`.
   */
  readonly trustedClients?: TrustedClients | undefined;
  /** Rate limits. `false` turns a limit off. [com.openexchange.ajax.login.maxRate, com.openexchange.ajax.login.maxRateTimeWindow] */
  readonly limits?:
    | {
        /** Failed logins of an address. Default: 50 in 5 minutes. */
        readonly login?: Limit | undefined;
        /** `false` disables the limit of 20 failed logins in a row for each account. */
        readonly account?: boolean | undefined;
        /** Requests of a session with the action `delete`. Default: 300 in 5 minutes. */
        readonly delete?: Limit | undefined;
      }
    | undefined;
}

const OPTIONS = {
  authenticate: {
    check: func<Authenticate>('a function of name and password'),
    required: 'pass `authenticate: (name, password, request) => account`, which checks name and password',
  },
  modules: { check: func<NonNullable<OpenXchangeRouterOptions['modules']>>() },
  dialect: { check: unchecked<OpenXchangeDialect>() },
  randomToken: { default: false, check: flag },
  randomTokenTimeout: { default: 30_000, check: duration(0, 60_000) },
  uiWebPath: {
    default: '/appsuite/',
    check: valid<string>(isLocalPath, 'a path of this host, such as "/appsuite/"'),
  },
  trustedClients: { default: [], check: trustedClients },
  limits: { group: { login: LIMIT, account: { default: true, check: flag }, delete: LIMIT } },
} satisfies OptionTable<OpenXchangeRouterOptions>;

/**
 * Creates a router with the Open-Xchange modules `login` and `sessionmanagement`. Mount it at the path that the clients use:
 * `/ajax`, `/appsuite/api`, or both.
 *
 * | request | effect |
 * |---|---|
 * | `/login?action=login` | opens a session and sends its secret in a cookie |
 * | `/login?action=store` | sends the session id in a cookie, for autologin |
 * | `/login?action=autologin` | continues the session of the cookies |
 * | `/login?action=refreshSecret` | sends the secret cookie again |
 * | `/login?action=changeip` | moves the session to the address in `clientIP` |
 * | `/login?action=hasAutologin` | returns `true` if autologin is enabled |
 * | `/login?action=logout` | ends the session |
 * | `/login?action=redirect` | hands a session over to a browser, for the `random` of its login |
 * | `/login?action=redeem` | hands a session over and answers in JSON |
 * | `/sessionmanagement?action=all` | returns the caller's 1,000 newest sessions |
 * | `/sessionmanagement?action=delete` | ends the sessions in the body |
 * | `/sessionmanagement?action=clear` | ends all sessions except the current one |
 *
 * Guard the app's own routes with `sessionSecretGuard(manager, { dialect: openXchange(manager.settings) })`.
 * @throws TypeError if `manager` is not a manager or if options are invalid
 */
export function openXchangeRouter(
  manager: IdentitySessionManager,
  options: OpenXchangeRouterOptions,
): Router {
  const given = verbOptions('openXchangeRouter', manager, options, OPTIONS);
  const dialect = given.dialect ?? openXchange(manager.settings);
  const refresh = new CookieRefresh(manager, dialect);
  const guard = sessionSecretGuard(manager, { dialect });
  const parts: RouterParts = { manager, dialect, given, refresh, guard };

  const login = [
    refusePasswordInUrl(dialect),
    parseForm,
    bodyParseErrors(dialect),
    recognizeTrusted(given.trustedClients),
    checkRequestOrigin(manager, dialect),
    loginModule(parts),
  ];
  const sessionManagement = [
    checkRequestOrigin(manager, dialect),
    guard,
    refresh.handler(),
    sessionManagementModule(parts),
  ];

  const router = Router();
  router.use(withoutPathParameter);
  router.route('/login').get(login).post(login);
  router.route('/sessionmanagement').get(sessionManagement).put(sessionManagement).post(sessionManagement);
  return router;
}

interface RouterParts {
  readonly manager: IdentitySessionManager;
  readonly dialect: OpenXchangeDialect;
  readonly given: OptionValues<typeof OPTIONS>;
  readonly refresh: CookieRefresh;
  readonly guard: RequestHandler;
}

function loginModule({ manager, dialect, given, refresh, guard }: RouterParts): RequestHandler {
  const { authenticate, limits, randomToken, randomTokenTimeout, uiWebPath } = given;
  const { clock, lifetimes } = manager.settings;
  const tokens = new RandomTokens(clock, randomToken ? randomTokenTimeout : 0);
  const extras = extraFields(tokens, given.modules);
  const handler = (action: Action) => actionHandler(dialect, action);

  const actions = {
    login: inSequence([
      ...attemptLimiters(manager, 'login', {
        dialect,
        limit: limits.login,
        nameOf: accountName(limits.account),
      }),
      handler(login(manager, dialect, { authenticate, extras })),
    ]),
    autologin: handler(autologin(manager, dialect, { extras, refresh })),
    store: inSequence([guard, refresh.handler(), handler(store(manager, dialect))]),
    refreshSecret: inSequence([guard, handler(refreshSecret(dialect))]),
    changeip: handler(changeIp(manager, dialect)),
    hasAutologin: handler(async () => answer({ data: lifetimes.autologin })),
    logout: handler(logout(manager, dialect)),
    redirect: handler(redirect(manager, dialect, { tokens, uiWebPath })),
    redeem: handler(redeem(manager, dialect, { tokens, extras })),
  };
  return moduleHandler(dialect, actions, (action) => new OpenXchangeError('SVL-0001', [action]));
}

function sessionManagementModule({ manager, dialect, given }: RouterParts): RequestHandler {
  const actions = {
    all: sessionLookup(manager, { dialect }),
    delete: inSequence([
      ...revokeLimiters(dialect, given.limits.delete),
      text({ type: () => true, limit: '1mb' }),
      bodyParseErrors(dialect),
      actionHandler(dialect, deleteSessions(manager)),
    ]),
    clear: actionHandler(dialect, clearSessions(manager)),
  };
  return moduleHandler(
    dialect,
    actions,
    (action) => new OpenXchangeError('SVL-0021', [action, 'sessionmanagement']),
  );
}

function extraFields(tokens: RandomTokens, modules: OpenXchangeRouterOptions['modules']): ExtraFields {
  return async (request, session, secret) => ({
    random: tokens.enabled ? tokens.mint(session, secret) : mintSecret('hex'),
    ...(modules && flagParameter(request, 'modules') && { modules: await modules(session, request) }),
  });
}

/** Returns the function that names the account of a login, or undefined if accounts are not limited. */
function accountName(limited: boolean): NameOf | undefined {
  return limited ? (request) => parameter(request, 'name') : undefined;
}

/** Combines handlers into one that runs them in sequence. */
function inSequence(handlers: readonly (RequestHandler | ErrorRequestHandler)[]): RequestHandler {
  return Router().use([...handlers]);
}
