import type { Request, RequestHandler } from 'express';

import type { Dialect, Transport } from './dialect';
import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { Settings } from '../options/settings';
import { dialectOf, refuse, type VerbOptions } from './request';

/** The settings that decide about a request from another origin. */
type OriginSettings = Pick<Settings, 'origins' | 'cookies'>;

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
  return function sameOrigin(request, response, next) {
    try {
      checkWriteOrigin(request, manager.settings);
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
export function checkWriteOrigin(request: Request, settings: OriginSettings): void {
  if (!SAFE_METHODS.has(request.method)) checkOrigin(request, settings);
}

/**
 * Checks a write whose session is proved by another system, such as express-session, which may not check origins.
 * @throws SessionError `cross-site`
 */
export function checkProvedWrite(request: Request, { sameOrigin }: Dialect, settings: OriginSettings): void {
  if (sameOrigin && sentByBrowser(request, undefined)) checkWriteOrigin(request, settings);
}

/**
 * Checks the origin of a request by which a verb changes something. The method does not matter, because an app may mount a
 * verb on `GET`. Requests that no page of another site can send pass: those with a bearer token.
 * @param transport The transport of the credentials, or undefined if the app found the session elsewhere.
 * @throws SessionError `cross-site`
 */
export function checkActionOrigin(
  request: Request,
  transport: Transport | undefined,
  { sameOrigin }: Dialect,
  settings: OriginSettings,
): void {
  if (sameOrigin && sentByBrowser(request, transport)) checkOrigin(request, settings);
}

/**
 * Returns true if a browser may have sent the credentials automatically, on behalf of another site. With an
 * unknown transport, only a bearer token rules this out. Browsers send `Basic` and `Negotiate` automatically.
 */
export function sentByBrowser({ headers }: Request, transport: Transport | undefined): boolean {
  return transport === 'cookie' || (transport === undefined && !BEARER.test(headers.authorization ?? ''));
}

const BEARER = /^bearer /i;

/**
 * Checks the origin of a sign-in. A navigation by `GET` may come from another site: it follows a link in an e-mail or returns
 * from an identity provider, and the app has checked its token or `state`.
 * @throws SessionError `cross-site`
 */
export function checkSignInOrigin(request: Request, settings: OriginSettings): void {
  const navigates = SAFE_METHODS.has(request.method) && request.headers['sec-fetch-mode'] === 'navigate';
  if (!navigates) checkOrigin(request, settings);
}

/**
 * Checks that the request comes from a page of this app or of one of `origins`. A request without `Sec-Fetch-Site` and
 * `Origin` passes, because all current browsers send at least one of them on a cross-site write. It is refused if
 * `cookies.sameSite` is `none`, because then nothing else keeps an old browser from sending the cookie.
 * @param origin The origin of the page. Default: the header `Origin`.
 * @throws SessionError `cross-site`
 */
export function checkOrigin(
  request: Request,
  { origins, cookies }: OriginSettings,
  origin: string | undefined = request.headers.origin,
): void {
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return;
  if (origin !== undefined && origins.includes(origin)) return;
  if (site !== undefined) throw crossSite();
  if (origin === undefined && cookies.sameSite !== 'none') return;
  if (origin !== undefined && isOwnHost(origin, request)) return;
  throw refusalOf(origin);
}

function crossSite(): SessionError {
  return new SessionError('cross-site', 'Another site started this request.');
}

/** Names the cause if the app's own page or client sent the request in a way that hides its origin. */
function refusalOf(origin: string | undefined): SessionError {
  if (origin === undefined) {
    return new SessionError(
      'cross-site',
      'The request has neither "Sec-Fetch-Site" nor "Origin". Send one of them, or a token in place of the cookie.',
    );
  }
  if (origin !== 'null') return crossSite();
  return new SessionError(
    'cross-site',
    'The browser sent "Origin: null", which any site can cause. For a page of this app, use HTTPS, or send the page with ' +
      '"Referrer-Policy: same-origin".',
  );
}

/** Returns true if the origin is the app's own. Compares the host but not the scheme, because a proxy may terminate TLS. Schemes of apps have hosts of their own. */
export function isOwnHost(origin: string, request: Request): boolean {
  if (!/^https?:/i.test(origin) || !URL.canParse(origin)) return false;
  return new URL(origin).host === requestedHost(request).toLowerCase();
}

/** Returns the host with its port, which `request.host` lacks in Express 4. Respects `X-Forwarded-Host` of trusted proxies. */
function requestedHost(request: Request): string {
  const trusts = request.app.get('trust proxy fn') as (address: string | undefined, hops: number) => boolean;
  const forwarded = trusts(request.socket.remoteAddress, 0) ? request.get('X-Forwarded-Host') : undefined;
  return (forwarded ?? request.headers.host ?? '').split(',')[0]!.trim();
}
