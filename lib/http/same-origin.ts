import type { Request, RequestHandler } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { dialectOf, refuse, type VerbOptions } from './request';

/** The methods that only read. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses writes that another site started in the user's browser, with `cross-site`. Use it for routes without a session,
 * such as the sign-in. Routes behind `sessionSecretGuard` do not need it, because the guard makes the same check.
 *
 * Mount it before the route: `app.post('/sign-in', sameOrigin(manager), signInWithPassword)`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function sameOrigin(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('sameOrigin', manager, options);
  const { origins } = manager.settings;
  return function sameOrigin(request, response, next) {
    try {
      checkWriteOrigin(request, origins);
    } catch (error) {
      refuse(error, dialect, request, response, next);
      return;
    }
    next();
  };
}

/**
 * Checks the origin of a write. Reads pass, because another site's page cannot see the answer.
 * @throws SessionError `cross-site`
 */
export function checkWriteOrigin(request: Request, origins: readonly string[]): void {
  if (!SAFE_METHODS.has(request.method)) checkOrigin(request, origins);
}

/**
 * Checks that the request comes from a page of this app or of one of `origins`. A request without `Sec-Fetch-Site` and
 * `Origin` passes, because all current browsers send at least one of them on a cross-site write.
 * @throws SessionError `cross-site`
 */
export function checkOrigin(request: Request, origins: readonly string[]): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (origin === undefined || isOwnHost(origin, request))) return;
  if (origin !== undefined && origins.includes(origin)) return;
  throw new SessionError('cross-site', 'Another site started this request.');
}

/** Compares the host but not the scheme, because a proxy may terminate TLS. */
function isOwnHost(origin: string, request: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === requestedHost(request).toLowerCase();
}

/** Returns the host with its port, which `request.host` lacks in Express 4. Respects `X-Forwarded-Host` of trusted proxies. */
function requestedHost(request: Request): string {
  const trusts = request.app.get('trust proxy fn') as (address: string | undefined, hops: number) => boolean;
  const forwarded = trusts(request.socket.remoteAddress, 0) ? request.get('X-Forwarded-Host') : undefined;
  return (forwarded ?? request.headers.host ?? '').split(',')[0]!.trim();
}
