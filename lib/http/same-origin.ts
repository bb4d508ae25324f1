import type { Request, RequestHandler } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { dialectOf, refuse, type VerbOptions } from './request';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses writes that another site started in the user's browser, for routes where no session is shown yet: mount it
 * before the app's sign-in. Behind `sessionSecretGuard` it is not needed.
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
 * The check of a write; reading is nobody's business here, because another site's page cannot see the answer.
 * @throws SessionError `cross-site`
 */
export function checkWriteOrigin(request: Request, origins: readonly string[]): void {
  if (!SAFE_METHODS.has(request.method)) checkOrigin(request, origins);
}

/**
 * Passes what the browser says comes from a page of this app or of one of the other `origins`; passes too when there is
 * neither `Sec-Fetch-Site` nor `Origin`, because no browser of today leaves both out of a write to another site.
 * @throws SessionError `cross-site`
 */
export function checkOrigin(request: Request, origins: readonly string[]): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (origin === undefined || isOwn(origin, request))) return;
  if (origin !== undefined && origins.includes(origin)) return;
  throw new SessionError('cross-site', 'This request was started by another site.');
}

/** The host is compared and not the scheme: TLS may end at a proxy. */
function isOwn(origin: string, request: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === requestedHost(request).toLowerCase();
}

/** With its port, which Express 4 leaves out of `request.host`; a trusted proxy may name the host that it was asked for. */
function requestedHost(request: Request): string {
  const trusts = request.app.get('trust proxy fn') as (address: string | undefined, hops: number) => boolean;
  const forwarded = trusts(request.socket.remoteAddress, 0) ? request.get('X-Forwarded-Host') : undefined;
  return (forwarded ?? request.headers.host ?? '').split(',')[0]!.trim();
}
