import type { Request, RequestHandler } from 'express';

import { beforeEnd } from './before-end';
import { destroyed } from './link';
import { Tracker, type UserOf } from './tracker';
import { SessionError } from '../errors';
import { markProved, setSession } from '../http/guarded-session';
import { refuse, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from '../http/request';
import type { IdentitySessionManager } from '../manager/manager';
import { flag, func } from '../options/checks';
import type { OptionTable } from '../options/reader';

/** The options of `trackExpressSession`. */
export interface TrackOptions extends VerbOptions {
  /**
   * Returns the id of the user who is signed in with express-session, for example
   * `(request) => request.user && String(request.user.id)` with Passport. To say more, return an object, such as
   * `{ userId, tenantId, clientId }`. In it, `staySignedIn` is true by default: the session lasts for `longLifetime` without a
   * request. Called at the start and at the end of requests that have an express-session, so it must be fast. Required.
   */
  readonly userOf: UserOf;
  /** Set it to `false` for requests that a page sends by itself, so that they do not keep the session alive. Default: `true`. */
  readonly activity?: boolean | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  userOf: {
    check: func<UserOf>(),
    required:
      'write `trackExpressSession(manager, { userOf: (request) => request.user && String(request.user.id) })`',
  },
  activity: { default: true, check: flag },
} satisfies OptionTable<TrackOptions>;

/**
 * Keeps one session of this package for each express-session with a signed-in user, and sets `request.identitySession`. The app
 * goes on to sign users in and out as before. Guests pass, and get no session. `sessionSecretGuard` and `restRouter` of the same
 * manager accept the session.
 *
 * Mount it after express-session and after Passport, and before the routes:
 * `app.use(trackExpressSession(manager, { userOf: (request) => request.user && String(request.user.id) }))`.
 *
 * If the session was ended, the next request destroys the express-session and is refused. If the app destroys the
 * express-session or signs the user out, the session ends before the response is sent.
 *
 * Refuses requests with `session-ended`, `session-expired`, `session-limit-reached`, `ip-changed`, `credentials-ambiguous` or
 * `store-unavailable`. Errors of express-session's store are passed to the app's error handlers.
 * @throws TypeError if the manager or `userOf` is missing, an option is invalid, or, for a request, if express-session is not
 * mounted before it or `userOf` returns another value than a user
 */
export function trackExpressSession(manager: IdentitySessionManager, options: TrackOptions): RequestHandler {
  const {
    dialect = restDialect(manager),
    userOf,
    activity,
  } = verbOptions('trackExpressSession', manager, options, OPTIONS);
  const tracker = new Tracker(manager, { userOf, activity, sameAddress: dialect.sameAddress });

  return function trackExpressSession(request, response, next) {
    const fail = (error: unknown) => {
      destroyIfRefused(error, request).then(
        () => refuse(error, dialect, request, response, next),
        (failure: unknown) => next(failure),
      );
    };
    tracker
      .enter(request)
      .then((entered) => {
        if (entered.session !== undefined) {
          setSession(request, entered.session);
          markProved(request, manager);
        }
        beforeEnd(response, () => tracker.leave(request, response, entered), fail);
        next();
      })
      .catch(fail);
  };
}

/** Destroys the express-session if its user may not be signed in any longer. In an outage of the database, all users stay signed in. */
async function destroyIfRefused(error: unknown, request: Request): Promise<void> {
  if (!(error instanceof SessionError) || !SIGNED_OUT.has(error.code) || error.status === 503) return;
  await destroyed(request);
}

const SIGNED_OUT: ReadonlySet<string> = new Set([
  'session-ended',
  'session-expired',
  'session-limit-reached',
  'credential-changed',
]);
