import type { NextFunction, Request, RequestHandler, Response } from 'express';

import type { Dialect, RequestCredentials } from './dialect';
import { plainRefusal, SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { flag } from '../options/checks';
import type { OptionTable } from '../options/reader';
import type { Settings } from '../options/settings';
import { isProved, setSession } from './guarded-session';
import { GuardedVisit } from './guarded-visit';
import { afterBody } from './parse-errors';
import { refuse, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { checkProvedWrite, checkWriteOrigin } from './same-origin';

/** The options of a guard. */
export interface GuardOptions extends VerbOptions {
  /** Set it to `false` for requests that a page sends by itself, so that they do not keep the session alive. Default: `true`. */
  readonly activity?: boolean | undefined;
  /**
   * Set it to `true` for pages that guests see too: requests that prove no live session are passed on without
   * `request.identitySession`. Writes from other sites are still refused, and so are requests whose session cannot be checked.
   * Default: `false`.
   */
  readonly optional?: boolean | undefined;
}

export const GUARD_OPTIONS = {
  ...VERB_OPTIONS,
  activity: { default: true, check: flag },
  optional: { default: false, check: flag },
} satisfies OptionTable<GuardOptions>;

/**
 * Accepts requests that prove possession of a live session, and sets `request.identitySession`. Refuses all other requests.
 * A request whose session is cached needs no query and is passed on synchronously.
 *
 * Mount it before every route that needs a session: `app.use('/account', sessionSecretGuard(manager))`.
 *
 * Refuses requests with `credentials-missing`, `credentials-invalid`, `credentials-ambiguous`, `session-ended`,
 * `session-expired`, `ip-changed`, `cross-site` or `store-unavailable`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function sessionSecretGuard(
  manager: IdentitySessionManager,
  options: GuardOptions = {},
): RequestHandler {
  const {
    dialect = restDialect(manager),
    activity,
    optional,
  } = verbOptions('sessionSecretGuard', manager, options, GUARD_OPTIONS);
  const { settings } = manager;
  const guests = { dialect, optional };

  /** Sets the session of the request. Returns a promise only if the session is not cached. */
  function admit(request: Request, response: Response): Promise<void> | undefined {
    if (isProved(request, manager)) {
      checkProvedWrite(request, dialect, settings);
      return undefined;
    }
    const credentials = readCredentials(request, dialect, settings);
    const visit = new GuardedVisit(activity, request, response, dialect, credentials.transport, settings);
    const verified = manager.verify(credentials, visit);
    if (verified instanceof Promise) return verified.then((session) => setSession(request, session));
    setSession(request, verified);
    return undefined;
  }

  return afterBody(dialect, function sessionSecretGuard(request, response, next) {
    let admitted: Promise<void> | undefined;
    try {
      admitted = admit(request, response);
    } catch (error) {
      refuseUnlessGuest(error, guests, request, response, next);
      return;
    }
    if (admitted === undefined) next();
    else admitAfter(admitted, guests, request, response, next);
  });
}

/** Passes the request on when its session was looked up. A function of its own, so that cached sessions need no closure. */
function admitAfter(
  admitted: Promise<void>,
  guests: Guests,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  admitted
    .then(() => next())
    .catch((error: unknown) => refuseUnlessGuest(error, guests, request, response, next));
}

/** Decides about requests of guests. */
interface Guests {
  readonly dialect: Dialect;
  readonly optional: boolean;
}

/** Answers the refusal of a guard. An optional guard passes requests of guests on instead. */
export function refuseUnlessGuest(
  error: unknown,
  { dialect, optional }: Guests,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (optional && isGuest(request, error)) next();
  else refuse(error, dialect, request, response, next);
}

/**
 * Returns true if the refused request proves no session. Credentials that contradict the session of an earlier guard are no
 * guest's.
 */
function isGuest({ identitySession }: Request, error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  if (error.code === 'credentials-missing') return true;
  return identitySession === undefined && (error.status === 401 || error.code === 'credentials-ambiguous');
}

/** @throws SessionError `credentials-missing`, `cross-site`, and the errors of the dialect */
function readCredentials(request: Request, dialect: Dialect, settings: Settings): RequestCredentials {
  const credentials = dialect.credentials(request);
  if (credentials === undefined) throw plainRefusal('credentials-missing');
  if (dialect.sameOrigin && credentials.transport === 'cookie') checkWriteOrigin(request, settings);
  return credentials;
}
