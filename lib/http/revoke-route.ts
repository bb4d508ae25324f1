import type { Request, RequestHandler } from 'express';

import type { Dialect } from './dialect';
import { RECENT, recencyCheck, type RecentOptions } from './require-recent';
import { transportOf } from './guarded-session';
import type { IdentitySessionManager } from '../manager/manager';
import { oneOf } from '../options/checks';
import type { OptionTable } from '../options/reader';
import {
  covers,
  everySessionOf,
  otherSessionsOf,
  reachesOthers,
  type Revocation,
} from '../session/revocation';
import { actingUser, type IdentitySession } from '../session/session';
import { asyncHandler, restDialect, sessionOf, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { checkActionOrigin } from './same-origin';

/** The options of `revokeRoute`. */
export interface RevokeRouteOptions extends VerbOptions {
  /**
   * The sessions to end. Default: `named`.
   * - `named`: those that the request names. In REST this is the path parameter `id`.
   * - `others`: all sessions of the caller except the current one.
   * - `all`: all sessions of the caller.
   */
  readonly which?: 'named' | 'others' | 'all' | undefined;
  /**
   * The authentication that ending other sessions requires, such as `{ maxAge: '10M' }`. Ending the own session never requires it.
   * Default: the option `recency` of the manager; `false` requires nothing.
   */
  readonly recent?: RecentOptions | false | undefined;
}

const OPTIONS = {
  ...VERB_OPTIONS,
  which: { default: 'named', check: oneOf('named', 'others', 'all') },
  recent: { group: RECENT, off: true },
} satisfies OptionTable<RevokeRouteOptions>;

/**
 * Ends sessions of the caller. This node refuses them from the response on, other nodes within the lease.
 *
 * Mount it behind a guard: `app.delete('/sessions/:id', guard, revokeRoute(manager))` ends the session that the path names, and
 * `app.delete('/sessions/others', guard, revokeRoute(manager, { which: 'others' }))` all others. `restRouter` includes both.
 *
 * Responds with 204, and clears the caller's cookie if its own session was ended. Refuses requests with `cross-site`,
 * `session-not-found`, `authentication-insufficient`, `invalid-request` or `store-unavailable`.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it or the
 * path has no `:id`
 */
export function revokeRoute(
  manager: IdentitySessionManager,
  options: RevokeRouteOptions = {},
): RequestHandler {
  const {
    dialect = restDialect(manager),
    which,
    recent,
  } = verbOptions('revokeRoute', manager, options, OPTIONS);
  const checkRecency = recencyCheck(manager, recent);

  return asyncHandler(dialect, async function revokeRoute(request) {
    const current = sessionOf(request, 'revokeRoute');
    checkActionOrigin(request, transportOf(request, current, dialect), dialect, manager.settings);
    const revocation = selected(which, current) ?? dialect.revocation(request, current);
    if (reachesOthers(revocation, current)) checkRecency(request, current);
    await manager.revoke(revocation, { by: actingUser(current) });
    return dialect.revoked(mustClearCookie(revocation, current, request, dialect), request, current);
  });
}

/** Returns undefined for `named`. */
function selected(which: RevokeRouteOptions['which'], current: IdentitySession): Revocation | undefined {
  if (which === 'others') return otherSessionsOf(current, current.sessionId);
  return which === 'all' ? everySessionOf(current) : undefined;
}

/** Returns true if the revocation ends the caller's own session and a cookie of the request belongs to this session. */
export function mustClearCookie(
  which: Revocation,
  current: IdentitySession,
  request: Request,
  dialect: Dialect,
): boolean {
  return covers(which, current) && transportOf(request, current, dialect) === 'cookie';
}
