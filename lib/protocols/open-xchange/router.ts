import {
  Router,
  text,
  urlencoded,
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
} from 'express';

import { answer } from './answers';
import { openXchange, type OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { flagParameter } from './parameters';
import { LIMIT, routeLimiters, type Limit } from '../../http/limiters';
import { verbOptions } from '../../http/request';
import { sessionLookup } from '../../http/session-lookup';
import { sessionSecretGuard } from '../../http/session-secret-guard';
import { bodyParseErrors } from '../../http/parse-errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { duration, func, unchecked, valid } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import type { Duration } from '../../session/duration';
import type { IdentitySession } from '../../session/session';
import { acting, moduleOf, noPasswordInUri, type Act } from './actions';
import { autologin } from './autologin';
import { changeIp } from './change-ip';
import { CookieRefresh } from './cookie-refresh';
import { login, type Authenticate, type Extras, type Failures } from './login';
import { logout } from './logout';
import { RandomTokens } from './random-tokens';
import { isLocalPath, redeem, redirect } from './redirect';
import { refreshSecret, store } from './session-cookies';
import { clearSessions, deleteSessions } from './session-management';

/** What the router of Open-Xchange is told. */
export interface OpenXchangeRouterOptions {
  /** The app's own look at name and password. Required. */
  readonly authenticate: Authenticate;
  /** What clients that ask for `modules` are given: anything that JSON knows; nothing when it is absent. */
  readonly modules?: ((session: IdentitySession, request: Request) => unknown) | undefined;
  /** The wire, where it is told more than the manager's settings: `openXchange(manager.settings, { ... })`. */
  readonly dialect?: OpenXchangeDialect | undefined;
  /**
   * How long the `random` of a login can be used, once, to hand the session over by `redirect` or `redeem`: 30 s by
   * default, 0 for never, a minute at the most. Only the node that gave it out knows it, and until then the secret of the
   * session with it, in memory. [com.openexchange.sessiond.randomTokenTimeout, com.openexchange.ajax.login.randomToken]
   */
  readonly randomTokenTimeout?: Duration | undefined;
  /** Where `redirect` leads, unless the request names another path of this host; `/appsuite/` by default. [com.openexchange.UIWebPath] */
  readonly uiWebPath?: string | undefined;
  /** How often an address may fail to log in, and delete. [com.openexchange.ajax.login.maxRate, com.openexchange.ajax.login.maxRateTimeWindow] */
  readonly limits?:
    | {
        /** 50 failures in 5 minutes by default. */
        readonly login?: Limit | undefined;
        /** 300 requests in 5 minutes by default. */
        readonly delete?: Limit | undefined;
      }
    | undefined;
}

const OPTIONS = {
  authenticate: {
    check: func<Authenticate>('a function of name and password'),
    required: 'give `authenticate: (name, password, request) => account`, which decides who may log in',
  },
  modules: { check: func<NonNullable<OpenXchangeRouterOptions['modules']>>() },
  dialect: { check: unchecked<OpenXchangeDialect>() },
  randomTokenTimeout: { default: 30_000, check: duration(0, 60_000) },
  uiWebPath: {
    default: '/appsuite/',
    check: valid<string>(isLocalPath, 'a path of this host, such as "/appsuite/"'),
  },
  limits: { group: { login: LIMIT, delete: LIMIT } },
} satisfies OptionTable<OpenXchangeRouterOptions>;

/**
 * The modules of Open-Xchange that deal with sessions, to be mounted where its clients look for them: at `/ajax`, at
 * `/appsuite/api`, or at both.
 *
 * | request | answer |
 * |---|---|
 * | `/login?action=login` | opens a session; its secret comes in a cookie |
 * | `/login?action=store` | keeps the session's id in a cookie, for autologin |
 * | `/login?action=autologin` | goes on with the session of the cookies |
 * | `/login?action=refreshSecret` | sends the secret's cookie again |
 * | `/login?action=changeip` | has the session go on at the address that the request names |
 * | `/login?action=hasAutologin` | whether there is autologin |
 * | `/login?action=logout` | ends the session |
 * | `/login?action=redirect` | hands a session over to a browser, for the `random` of its login |
 * | `/login?action=redeem` | the same, in a JSON answer |
 * | `/sessionmanagement?action=all` | the caller's sessions |
 * | `/sessionmanagement?action=delete` | ends those that the body names |
 * | `/sessionmanagement?action=clear` | ends all others |
 *
 * The app's own routes are guarded by `sessionSecretGuard(manager, { dialect: openXchange(manager.settings) })`.
 * @throws TypeError for options that cannot be used
 */
export function openXchangeRouter(
  manager: IdentitySessionManager,
  options: OpenXchangeRouterOptions,
): Router {
  const given = verbOptions('openXchangeRouter', manager, options, OPTIONS);
  const { dialect = openXchange(manager.settings), authenticate, modules, limits } = given;
  const { randomTokenTimeout, uiWebPath } = given;
  const failures: Failures = new WeakSet();
  const refresh = new CookieRefresh(manager, dialect);
  const guarded = [sessionSecretGuard(manager, { dialect }), refresh.handler()];
  const unreadable = bodyParseErrors(dialect);
  const act = (what: Act) => acting(dialect, what);
  const tokens = new RandomTokens(manager.settings.clock, randomTokenTimeout);
  const extras: Extras = async (request, session, secret) => ({
    ...(randomTokenTimeout > 0 && { random: tokens.mint(session.sessionId, secret) }),
    ...(modules && flagParameter(request, 'modules') && { modules: await modules(session, request) }),
  });

  const loginModule = moduleOf(
    dialect,
    {
      login: inTurn([
        ...routeLimiters('login', dialect, limits.login, (request) => !failures.has(request)),
        act(login(manager, dialect, { authenticate, extras, failures })),
      ]),
      autologin: act(autologin(manager, dialect, { extras, refresh })),
      store: inTurn([...guarded, act(store(manager, dialect))]),
      refreshSecret: inTurn([guarded[0]!, act(refreshSecret(dialect))]),
      changeip: act(changeIp(manager, dialect)),
      hasAutologin: act(async () => answer({ data: manager.settings.lifetimes.autologin })),
      logout: act(logout(manager, dialect)),
      redirect: act(redirect(manager, dialect, { tokens, uiWebPath })),
      redeem: act(redeem(manager, dialect, { tokens, extras })),
    },
    (action) => new OpenXchangeError('SVL-0001', [action]),
  );
  const sessionModule = moduleOf(
    dialect,
    {
      all: sessionLookup(manager, { dialect }),
      delete: inTurn([
        ...routeLimiters('revoke', dialect, limits.delete),
        text({ type: () => true, limit: '1mb' }),
        unreadable,
        act(deleteSessions(manager)),
      ]),
      clear: act(clearSessions(manager)),
    },
    (action) => new OpenXchangeError('SVL-0021', [action, 'sessionmanagement']),
  );

  const loginHandlers = [
    noPasswordInUri(dialect),
    urlencoded({ extended: false, limit: '64kb' }),
    unreadable,
    loginModule,
  ];
  const router = Router();
  router.route('/login').get(loginHandlers).post(loginHandlers);
  router
    .route('/sessionmanagement')
    .get(guarded, sessionModule)
    .put(guarded, sessionModule)
    .post(guarded, sessionModule);
  return router;
}

/** One handler that is several in turn. */
function inTurn(handlers: readonly (RequestHandler | ErrorRequestHandler)[]): RequestHandler {
  return Router().use([...handlers]);
}
