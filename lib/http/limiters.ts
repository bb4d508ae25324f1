import type { NextFunction, Request, RequestHandler, Response } from 'express';
import {
  ipKeyGenerator,
  MemoryStore,
  rateLimit,
  type Options,
  type RateLimitInfo,
  type Store,
} from 'express-rate-limit';

import { accountLimiter, type NameOf } from './account-limiter';
import { attemptOf, beginAttempt } from './attempt';
import { clientAddress } from './client-address';
import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import { unawaited } from '../events';
import { accountLimitOf } from '../manager/account-limit';
import type { IdentitySessionManager } from '../manager/manager';
import { count, func, valid, isFunction } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { SAFE_METHODS } from './same-origin';
import { send, restDialect, sessionOf, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';

/** The options of a rate limiter. */
export interface LimitOptions {
  /** The number of requests that are allowed in one window. */
  readonly limit?: number | undefined;
  /** The length of the window in milliseconds. */
  readonly windowMs?: number | undefined;
  /** The store of the counters. Use one store for each limiter. Default: the memory of this process. */
  readonly store?: Store | undefined;
  /** Returns the key by which requests are counted. Default: the IP address; all addresses of an IPv6 network (/56) share a key. */
  readonly keyGenerator?: Options['keyGenerator'] | undefined;
}

/** The options of `signInLimiter`. */
export interface SignInLimiterOptions extends LimitOptions, VerbOptions {
  /**
   * Returns the name that the user typed. It enables the limit for each account. It receives the request, so mount the body
   * parser before the limiter. Requests without a name are limited by address only. Default: only addresses are limited.
   */
  readonly nameOf?: ((request: Request) => string | null | undefined) | undefined;
}

/** The options of a limiter, or `false` to disable it. */
export type Limit = LimitOptions | false;

/** The longest delay of a timer, in milliseconds. */
const LONGEST_WINDOW = 2 ** 31 - 1;

const LIMIT_OPTIONS = {
  limit: { check: count(0, 1_000_000_000) },
  windowMs: { check: count(1, LONGEST_WINDOW) },
  store: { check: valid<Store>(isStore, 'a store of express-rate-limit') },
  keyGenerator: { check: func<NonNullable<LimitOptions['keyGenerator']>>() },
} satisfies OptionTable<LimitOptions>;

/** The row for the limit of one route in the option table of a router. */
export const LIMIT = { group: LIMIT_OPTIONS, off: true } as const;

function isStore(value: unknown): boolean {
  return isFunction((value as Partial<Store> | null)?.increment);
}

/**
 * The limits for each address. Of attempts only failures count, because the users of an office can share one address.
 * Revocations are counted by session, so that others at the address cannot keep a user from ending a stolen session.
 */
const DEFAULT_LIMITS = {
  signIn: { limit: 100, windowMs: 5 * 60_000 },
  login: { limit: 50, windowMs: 5 * 60_000 },
  autologin: { limit: 100, windowMs: 5 * 60_000 },
  revoke: {
    limit: 300,
    windowMs: 5 * 60_000,
    keyGenerator: (request: Request) => sessionOf(request).sessionId,
  },
} as const;

type Attempts = Exclude<keyof typeof DEFAULT_LIMITS, 'revoke'>;

/**
 * Limits failed sign-ins: 100 for each address in 5 minutes, and with `nameOf` also 20 in a row for each account. Further
 * requests are refused with `too-many-requests`. [ajax.login.maxRate, ajax.login.maxRateTimeWindow]
 *
 * An attempt has failed if its response is complete and no session was opened, whatever the status: an app may answer a
 * wrong password with a redirect. 5xx responses and disconnected clients do not count. If the password was right but a
 * second factor is missing, call `signIn.pending(request)`. `GET`, `HEAD` and `OPTIONS` requests are no attempts.
 *
 * Mount it before the app's own sign-in route: `app.post('/sign-in', signInLimiter(manager), signInWithPassword)`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function signInLimiter(
  manager: IdentitySessionManager,
  options: SignInLimiterOptions = {},
): RequestHandler {
  const table = { ...VERB_OPTIONS, ...LIMIT_OPTIONS, nameOf: { check: func<NameOf>() } };
  const {
    dialect = restDialect(manager),
    nameOf,
    ...limit
  } = verbOptions('signInLimiter', manager, options, table);
  const limiters = attemptLimiters(manager, 'signIn', { dialect, limit, nameOf });
  return function signInLimiter(request, response, next) {
    if (SAFE_METHODS.has(request.method)) next();
    else inTurn(limiters, request, response, next);
  };
}

export interface AttemptLimitersOptions {
  readonly dialect: Dialect;
  /** The limit for each address. */
  readonly limit?: Limit | undefined;
  /** Enables the limit for each account. */
  readonly nameOf?: NameOf | undefined;
}

/** Returns the limiters of a route on which sessions are opened or revived. They count failures by outcome. */
export function attemptLimiters(
  manager: IdentitySessionManager,
  route: Attempts,
  { dialect, limit = {}, nameOf }: AttemptLimitersOptions,
): RequestHandler[] {
  const limiters: RequestHandler[] = [
    (request, response, next) => beginAttempt(request, response, manager.settings.clock).during(next),
  ];
  if (limit !== false) limiters.push(failureLimiter(route, dialect, limit));
  if (nameOf !== undefined)
    limiters.push(accountLimiter(accountLimitOf(manager), { dialect, nameOf, addressOf: networkOf }));
  return limiters;
}

/** Returns the limiter of the routes that end sessions, or an empty list if the limit is `false`. */
export function revokeLimiters(dialect: Dialect, limit: Limit = {}): RequestHandler[] {
  return limit === false ? [] : [limiter('revoke', dialect, limit)];
}

/** Counts every attempt at first, so that parallel attempts count, and takes those back that did not fail. */
function failureLimiter(route: Attempts, dialect: Dialect, limit: LimitOptions): RequestHandler {
  const { store = new MemoryStore() } = limit;
  const limited = limiter(route, dialect, { ...limit, store });
  return function failureLimiter(request, response, next) {
    void limited(request, response, (error?: unknown) => {
      const { key } = (request as Request & { rateLimit?: RateLimitInfo }).rateLimit ?? {};
      attemptOf(request)?.whenOver((outcome) => {
        if (outcome !== 'failed' && key !== undefined) unawaited(() => store.decrement(key), ignore);
      });
      next(error);
    });
  };
}

/** A store that cannot decrement counts one failure too many. */
const ignore = (): void => undefined;

/** The key of all clients whose address is unknown. They share one limit, because each of them could be an attacker. */
const UNKNOWN_ADDRESS = 'unknown';

/** The default key. The addresses of an IPv6 network of the size /56 share one, because a client can use all of them. */
function addressKey(request: Request): string {
  checkTrustProxy(request);
  return networkOf(request) ?? UNKNOWN_ADDRESS;
}

/** Returns the client's IPv4 address or IPv6 network of the size /56, or undefined if it is unknown. */
function networkOf(request: Request): string | undefined {
  const address = clientAddress(request);
  return address && ipKeyGenerator(address);
}

const warned = new Set<string>();

/** Warns once about each setting of Express that makes `request.ip` the wrong address. */
function checkTrustProxy({ app, headers }: Request): void {
  const trusted: unknown = app.get('trust proxy');
  if (trusted === true) {
    warnOnce(
      'EIS_PERMISSIVE_TRUST_PROXY',
      'The setting `trust proxy` of Express is true, so that clients can choose their address and avoid the limits. Set ' +
        'it to the number of proxies.',
    );
  }
  if (trusted === false && headers['x-forwarded-for'] !== undefined) {
    warnOnce(
      'EIS_UNSET_TRUST_PROXY',
      'A request has `X-Forwarded-For`, but the setting `trust proxy` of Express is false. If a proxy sent the header, all ' +
        'clients share the address of the proxy and its limits. Set `trust proxy` to the number of proxies.',
    );
  }
}

function warnOnce(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { code });
}

/** Creates a limiter that refuses requests in the form of the dialect. */
function limiter(
  route: keyof typeof DEFAULT_LIMITS,
  dialect: Dialect,
  options: LimitOptions,
): RequestHandler {
  return rateLimit({
    keyGenerator: addressKey,
    ...DEFAULT_LIMITS[route],
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    legacyHeaders: false,
    standardHeaders: 'draft-8',
    handler: (request, response) => {
      // express-rate-limit has already set the header, in whole seconds.
      const retryAfter = Number(response.getHeader('Retry-After')) || undefined;
      const message = 'There were too many attempts. Try again later.';
      const refusal = new SessionError('too-many-requests', message, { retryAfter });
      send(response, dialect.refusal(refusal, request));
    },
  });
}

/** Calls the handlers one after the other, as Express does with a list. */
function inTurn(
  [first, ...rest]: readonly RequestHandler[],
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (first === undefined) return next();
  void first(request, response, (error?: unknown) =>
    error === undefined ? inTurn(rest, request, response, next) : next(error),
  );
}
