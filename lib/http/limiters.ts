import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type Options, type Store } from 'express-rate-limit';

import { clientAddress } from './client-address';
import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { count, func, valid, isFunction } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { send, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';

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

/** The limits for each address. Only failed sign-ins count, because the users of an office can share one address. */
const DEFAULT_LIMITS = {
  signIn: { limit: 100, windowMs: 5 * 60_000, skipSuccessfulRequests: true },
  login: { limit: 50, windowMs: 5 * 60_000, skipSuccessfulRequests: true },
  autologin: { limit: 100, windowMs: 5 * 60_000, skipSuccessfulRequests: true },
  revoke: { limit: 300, windowMs: 5 * 60_000, skipSuccessfulRequests: false },
} as const;

/**
 * Limits failed sign-ins, by default to 100 for each address in 5 minutes. Responses with a status from 400 to 499 count as
 * failed. Further requests are refused with `too-many-requests`. [ajax.login.maxRate, ajax.login.maxRateTimeWindow]
 *
 * Mount it before the app's own sign-in route: `app.post('/sign-in', signInLimiter(manager), signInWithPassword)`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function signInLimiter(
  manager: IdentitySessionManager,
  options: LimitOptions & VerbOptions = {},
): RequestHandler {
  const table = { ...VERB_OPTIONS, ...LIMIT_OPTIONS };
  const { dialect = restDialect(manager), ...limit } = verbOptions('signInLimiter', manager, options, table);
  return limiter('signIn', dialect, limit);
}

/**
 * Returns the limiter of a route, or an empty list if the limit is `false`.
 * @param requestWasSuccessful Returns true if a request did not fail. For protocols whose status does not show failures.
 */
export function routeLimiters(
  route: keyof typeof DEFAULT_LIMITS,
  dialect: Dialect,
  limit: Limit = {},
  requestWasSuccessful?: Options['requestWasSuccessful'],
): RequestHandler[] {
  return limit === false ? [] : [limiter(route, dialect, limit, requestWasSuccessful)];
}

/** 5xx responses do not count as failures. Otherwise clients would still be blocked after an outage. */
function wasSuccessful(_request: Request, { statusCode }: Response): boolean {
  return statusCode < 400 || statusCode >= 500;
}

/** The key of all clients whose address is unknown. They share one limit, because each of them could be an attacker. */
const UNKNOWN_ADDRESS = 'unknown';

/** The default key. The addresses of an IPv6 network of the size /56 share one, because a client can use all of them. */
function addressKey(request: Request): string {
  checkTrustProxy(request);
  const address = clientAddress(request);
  return address === undefined ? UNKNOWN_ADDRESS : ipKeyGenerator(address);
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
  { limit, windowMs, store, keyGenerator = addressKey }: LimitOptions,
  requestWasSuccessful: Options['requestWasSuccessful'] = wasSuccessful,
): RequestHandler {
  const given = { limit, windowMs, store, keyGenerator, requestWasSuccessful };
  return rateLimit({
    ...DEFAULT_LIMITS[route],
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
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
