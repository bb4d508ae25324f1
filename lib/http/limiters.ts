import type { Request, RequestHandler, Response } from 'express';
import { rateLimit, type Options, type Store } from 'express-rate-limit';

import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { count, func, valid, isFunction } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { send, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';

/** How many requests an address may make, and where they are counted. */
export interface LimitOptions {
  /** How many within the window. */
  readonly limit?: number | undefined;
  /** The window, in milliseconds. */
  readonly windowMs?: number | undefined;
  /** Where requests are counted: in this process when absent. A store serves one limiter. */
  readonly store?: Store | undefined;
  /** What requests are counted by: the address when absent, an IPv6 network as one. */
  readonly keyGenerator?: Options['keyGenerator'] | undefined;
}

/** `false` switches a limiter off. */
export type Limit = LimitOptions | false;

/** In milliseconds: the longest delay of a timer. */
const LONGEST_WINDOW = 2 ** 31 - 1;

const LIMIT_OPTIONS = {
  limit: { check: count(0, 1_000_000_000) },
  windowMs: { check: count(1, LONGEST_WINDOW) },
  store: { check: valid<Store>(isStore, 'a store of express-rate-limit') },
  keyGenerator: { check: func<NonNullable<LimitOptions['keyGenerator']>>() },
} satisfies OptionTable<LimitOptions>;

/** The row for the limit of one route, in the tables of routers. */
export const LIMIT = { group: LIMIT_OPTIONS, off: true } as const;

function isStore(value: unknown): boolean {
  return isFunction((value as Partial<Store> | null)?.increment);
}

/** What an address may do in a window. Of sign-ins only failures count: the people of an office share an address. */
const limits = {
  signIn: { limit: 100, windowMs: 5 * 60_000, skipSuccessfulRequests: true },
  login: { limit: 50, windowMs: 5 * 60_000, skipSuccessfulRequests: true },
  autologin: { limit: 100, windowMs: 5 * 60_000, skipSuccessfulRequests: true },
  revoke: { limit: 300, windowMs: 5 * 60_000, skipSuccessfulRequests: false },
} as const;

/**
 * Limits failed sign-ins, 100 an address in 5 minutes by default; mounted before the app's own sign-in route, which
 * answers a wrong password with a status from 400 to 499. [ajax.login.maxRate, ajax.login.maxRateTimeWindow]
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
 * The limiter of a route of this package, or none where it is switched off.
 * @param requestWasSuccessful What counts as a success on wires that do not tell it by the status.
 */
export function routeLimiters(
  what: keyof typeof limits,
  dialect: Dialect,
  limit: Limit = {},
  requestWasSuccessful?: Options['requestWasSuccessful'],
): RequestHandler[] {
  return limit === false ? [] : [limiter(what, dialect, limit, requestWasSuccessful)];
}

/** What the server could not do is no failure of the client: it would be kept out when an outage is over. */
function isNoFailure(_request: Request, { statusCode }: Response): boolean {
  return statusCode < 400 || statusCode >= 500;
}

/** Words its refusal as the route's dialect does. */
function limiter(
  what: keyof typeof limits,
  dialect: Dialect,
  { limit, windowMs, store, keyGenerator }: LimitOptions,
  requestWasSuccessful: Options['requestWasSuccessful'] = isNoFailure,
): RequestHandler {
  const given = { limit, windowMs, store, keyGenerator, requestWasSuccessful };
  return rateLimit({
    ...limits[what],
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    legacyHeaders: false,
    standardHeaders: 'draft-8',
    handler: (request, response) => {
      // express-rate-limit has set the header by now, in whole seconds.
      const retryAfter = Number(response.getHeader('Retry-After')) || undefined;
      const refusal = new SessionError('too-many-requests', 'Too many attempts; wait a while.', {
        retryAfter,
      });
      send(response, dialect.refusal(refusal, request));
    },
  });
}
