import { Router, text, type ErrorRequestHandler, type Request, type RequestHandler } from 'express';

import type { NameOf } from '../../http/account-limiter';
import type { Dialect } from '../../http/dialect';
import { parseForm } from '../../http/form-body';
import { LIMIT, attemptLimiters, revokeLimiters, type Limit } from '../../http/limiters';
import { bodyParseErrors } from '../../http/parse-errors';
import { verbOptions } from '../../http/request';
import { RECENT, recencyCheck, type RecentOptions } from '../../http/require-recent';
import { sessionLookup } from '../../http/session-lookup';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import type { IdentitySessionManager } from '../../manager/manager';
import { duration, flag, func, listOf, unchecked, valid } from '../../options/checks';
import type { OptionTable, OptionValues } from '../../options/reader';
import type { Duration } from '../../session/duration';
import { mintSecret } from '../../session/credentials';
import type { IdentitySession } from '../../session/session';
import { acquireToken, redeemToken } from './acquire-token';
import { actionHandler, moduleHandler, refusePasswordInUrl, type Action } from './actions';
import { autologin } from './autologin';
import { changeIp } from './change-ip';
import { CookieRefresh } from './cookie-refresh';
import { openXchange, type OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { refusalWithPage, withErrorPage } from './form-error-page';
import { formLogin } from './form-login';
import { login, type Authenticate, type ExtraFields } from './login';
import { logout } from './logout';
import { flagParameter, parameter } from './parameters';
import { withoutPathParameter } from './path-parameters';
import { RandomTokens } from './random-tokens';
import { redeem, redirect } from './redirect';
import { checkRequestOrigin } from './request-origin';
import { refreshSecret, store, storeNothing } from './session-cookies';
import { clearSessions, deleteSessions } from './session-management';
import { tokenLogin, tokens } from './token-login';
import { recognizeTrusted, trustedClients, type TrustedClients } from './trusted-clients';
import { isLocalPath } from './ui-location';

/** The options of `openXchangeRouter`. */
export interface OpenXchangeRouterOptions {
  /** Checks name and password. Required. */
  readonly authenticate: Authenticate;
  /**
   * Returns the member `modules` of the login's answer, which can be any JSON value. It is called if the request has the
   * parameter `modules=true`. If the function is missing, the answer omits the member.
   */
  readonly modules?: ((session: IdentitySession, request: Request) => unknown) | undefined;
  /**
   * Returns further members of the answers of `login`, `autologin`, `tokens`, `redeem` and `redeemToken`, such as
   * `{ requires_multifactor: true }`. Members of the protocol, such as `session` and `user`, cannot be replaced. If the function
   * throws, a new session is ended again, and the error is passed to the app's error handler. Default: no further members.
   */
  readonly loginFields?:
    ((session: IdentitySession, request: Request) => LoginFields | Promise<LoginFields>) | undefined;
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
   * The time from `tokenLogin` until the browser must have sent both tokens with `tokens`. At most 5 minutes; 0 turns
   * `tokenLogin` off. Default: 60 s. The server token contains the sign-in in encrypted form, so that any node can go on.
   */
  readonly tokenLoginTimeout?: Duration | undefined;
  /**
   * The time in which `redeemToken` accepts a token of `acquireToken`, once. From 1 s to one hour. Default: 5 minutes.
   * [com.openexchange.tokenlogin.maxIdleTime]
   */
  readonly acquiredTokenTimeout?: Duration | undefined;
  /**
   * The secrets of systems that may open sessions with `redeemToken`, each at least 16 characters. Default: `[]`, so that the
   * action refuses all requests. They are the secrets in the file `tokenlogin-secrets` of an Open-Xchange server.
   */
  readonly tokenSecrets?: readonly string[] | undefined;
  /**
   * The path to which `redirect`, `formlogin` and `tokenLogin` lead if the request has no valid parameter `uiWebPath`. Default:
   * `/appsuite/`.
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
  /**
   * The authentication that the actions `delete` and `clear` require to end other sessions, such as `{ maxAge: '10M' }`. The refusal is
   * `LGI-0027`, or `MFA-0015` if `amr` is given; the session lives on. Default: the option `recency` of the manager; `false` requires
   * nothing.
   */
  readonly recent?: RecentOptions | false | undefined;
  /** Rate limits. `false` turns a limit off. [com.openexchange.ajax.login.maxRate, com.openexchange.ajax.login.maxRateTimeWindow] */
  readonly limits?:
    | {
        /** Failed logins of an address, by all actions that open sessions together. Default: 50 in 5 minutes. */
        readonly login?: Limit | undefined;
        /** `false` disables the limit of 20 failed logins in a row for each account. */
        readonly account?: boolean | undefined;
        /** Requests of a session with the action `delete`. Default: 300 in 5 minutes. */
        readonly delete?: Limit | undefined;
      }
    | undefined;
}

/** Members of an answer, which can be any JSON values. */
type LoginFields = Readonly<Record<string, unknown>>;

const OPTIONS = {
  authenticate: {
    check: func<Authenticate>('a function of name and password'),
    required: 'pass `authenticate: (name, password, request) => account`, which checks name and password',
  },
  modules: { check: func<NonNullable<OpenXchangeRouterOptions['modules']>>() },
  loginFields: { check: func<NonNullable<OpenXchangeRouterOptions['loginFields']>>() },
  dialect: { check: unchecked<OpenXchangeDialect>() },
  randomToken: { default: false, check: flag },
  randomTokenTimeout: { default: 30_000, check: duration(0, 60_000) },
  tokenLoginTimeout: { default: 60_000, check: duration(0, 300_000) },
  acquiredTokenTimeout: { default: 300_000, check: duration(1000, 3_600_000) },
  tokenSecrets: {
    secret: true,
    default: [],
    check: listOf<string>(isTokenSecret, 'texts of at least 16 characters'),
  },
  uiWebPath: {
    default: '/appsuite/',
    check: valid<string>(isLocalPath, 'a path of this host, such as "/appsuite/"'),
  },
  trustedClients: { default: [], check: trustedClients },
  recent: { group: RECENT, off: true },
  limits: { group: { login: LIMIT, account: { default: true, check: flag }, delete: LIMIT } },
} satisfies OptionTable<OpenXchangeRouterOptions>;

function isTokenSecret(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 16;
}

/**
 * Creates a router with the Open-Xchange modules `login`, `token` and `sessionmanagement`. Mount it at the path that the
 * clients use: `/ajax`, `/appsuite/api`, or both.
 *
 * | request | effect |
 * |---|---|
 * | `/login?action=login` | opens a session and sends its secret in a cookie |
 * | `/login?action=formlogin` | opens a session for a plain HTML form, and redirects the browser |
 * | `/login?action=tokenLogin` | checks name and password for a program that will open a browser |
 * | `/login?action=tokens` | opens the session of a `tokenLogin` in the browser |
 * | `/login?action=redeemToken` | opens a session for another system, with a token of `acquireToken` |
 * | `/login?action=store` | sends the session id in a cookie, for autologin |
 * | `/login?action=autologin` | continues the session of the cookies |
 * | `/login?action=refreshSecret` | sends the secret cookie again |
 * | `/login?action=changeip` | moves the session to the address in `clientIP` |
 * | `/login?action=hasAutologin` | returns `true` if autologin is enabled |
 * | `/login?action=logout` | ends the session |
 * | `/login?action=redirect` | hands a session over to a browser, for the `random` of its login |
 * | `/login?action=redeem` | hands a session over and answers in JSON |
 * | `/token?action=acquireToken` | returns a token for another system |
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
  const withPages = { ...dialect, refusal: refusalWithPage(dialect) };
  const parts: RouterParts = { manager, dialect, withPages, given, refresh, guard };

  const login = [
    refusePasswordInUrl(dialect),
    parseForm,
    bodyParseErrors(withPages),
    recognizeTrusted(given.trustedClients),
    checkRequestOrigin(manager, withPages),
    loginModule(parts),
  ];
  const guarded = [checkRequestOrigin(manager, dialect), guard, refresh.handler()];
  const token = [...guarded, tokenModule(parts)];
  const sessionManagement = [...guarded, sessionManagementModule(parts)];

  const router = Router();
  router.use(withoutPathParameter);
  router.route('/login').get(login).post(login);
  router.route('/token').get(token).post(token);
  router.route('/sessionmanagement').get(sessionManagement).put(sessionManagement).post(sessionManagement);
  return router;
}

interface RouterParts {
  readonly manager: IdentitySessionManager;
  readonly dialect: OpenXchangeDialect;
  /** The dialect for refusals before an action of the module `login`: people see those of `formlogin`. */
  readonly withPages: Dialect;
  readonly given: OptionValues<typeof OPTIONS>;
  readonly refresh: CookieRefresh;
  readonly guard: RequestHandler;
}

function loginModule(parts: RouterParts): RequestHandler {
  const { manager, dialect, given, refresh, guard } = parts;
  const { authenticate, randomToken, randomTokenTimeout, uiWebPath, tokenLoginTimeout, tokenSecrets } = given;
  const { clock, lifetimes } = manager.settings;
  const randomTokens = new RandomTokens(clock, randomToken ? randomTokenTimeout : 0);
  const extras = extraFields(randomTokens, parts);
  const handler = (action: Action) => actionHandler(dialect, action);
  const signIn = signInHandlers(parts);

  const actions = {
    login: signIn(login(manager, dialect, { authenticate, extras })),
    formlogin: signIn(withErrorPage(dialect, formLogin(manager, dialect, { authenticate, uiWebPath }))),
    tokenLogin: signIn(tokenLogin(manager, dialect, { authenticate, uiWebPath, timeout: tokenLoginTimeout })),
    tokens: signIn(tokens(manager, dialect, { extras })),
    redeemToken: signIn(redeemToken(manager, dialect, { secrets: tokenSecrets, extras })),
    autologin: handler(autologin(manager, dialect, { extras, refresh })),
    store: dialect.traits.signInStores
      ? handler(storeNothing(dialect))
      : inSequence([guard, refresh.handler(), handler(store(manager, dialect))]),
    refreshSecret: inSequence([guard, handler(refreshSecret(dialect))]),
    changeip: handler(changeIp(manager, dialect)),
    hasAutologin: handler(async () => dialect.answer({ data: lifetimes.autologin })),
    logout: handler(logout(manager, dialect)),
    redirect: handler(redirect(manager, dialect, { tokens: randomTokens, uiWebPath })),
    redeem: handler(redeem(manager, dialect, { tokens: randomTokens, extras })),
  };
  return moduleHandler(dialect, actions, (action) => new OpenXchangeError('SVL-0001', [action]));
}

/**
 * Returns the function that turns the actions that open sessions into handlers. Checks that concern all of them belong here. The
 * actions share their limits, so that an attacker has no further attempts with another action.
 */
function signInHandlers({
  manager,
  dialect,
  withPages,
  given: { limits },
}: RouterParts): (action: Action) => RequestHandler {
  const limiters = attemptLimiters(manager, 'login', {
    dialect: withPages,
    limit: limits.login,
    nameOf: accountName(limits.account),
  });
  return (action) => inSequence([...limiters, actionHandler(dialect, action)]);
}

function tokenModule({ manager, dialect, given }: RouterParts): RequestHandler {
  const timeout = given.acquiredTokenTimeout;
  const actions = { acquireToken: actionHandler(dialect, acquireToken(manager, dialect, { timeout })) };
  return moduleHandler(dialect, actions, (action) => new OpenXchangeError('SVL-0021', [action, 'token']));
}

function sessionManagementModule({ manager, dialect, given }: RouterParts): RequestHandler {
  const checkRecency = recencyCheck(manager, given.recent);
  const actions = {
    all: sessionLookup(manager, { dialect }),
    delete: inSequence([
      ...revokeLimiters(dialect, given.limits.delete),
      text({ type: () => true, limit: '1mb' }),
      bodyParseErrors(dialect),
      actionHandler(dialect, deleteSessions(manager, dialect, checkRecency)),
    ]),
    clear: actionHandler(dialect, clearSessions(manager, dialect, checkRecency)),
  };
  return moduleHandler(
    dialect,
    actions,
    (action) => new OpenXchangeError('SVL-0021', [action, 'sessionmanagement']),
  );
}

function extraFields(tokens: RandomTokens, { dialect, given }: RouterParts): ExtraFields {
  const { modules, loginFields } = given;
  const sendsRandom = tokens.enabled || dialect.traits.alwaysSendsRandom;
  return async (request, session, secret) => ({
    ...(await loginFields?.(session, request)),
    ...(sendsRandom && { random: tokens.enabled ? tokens.mint(session, secret) : mintSecret('hex') }),
    ...(modules && flagParameter(request, 'modules') && { modules: await modules(session, request) }),
  });
}

/** Returns the function that names the account of a login, or undefined if accounts are not limited. */
function accountName(limited: boolean): NameOf | undefined {
  if (!limited) return undefined;
  // The same parameters as in the actions: otherwise a client could have its failures counted for another account.
  return (request) => {
    const parameterName = NAME_PARAMETERS.get(parameter(request, 'action'));
    return parameterName && parameter(request, parameterName);
  };
}

/** The parameter with the name of the account, by action. */
const NAME_PARAMETERS: ReadonlyMap<string | undefined, string> = new Map([
  ['login', 'name'],
  ['formlogin', 'login'],
  ['tokenLogin', 'login'],
]);

/** Combines handlers into one that runs them in sequence. */
function inSequence(handlers: readonly (RequestHandler | ErrorRequestHandler)[]): RequestHandler {
  return Router().use([...handlers]);
}
