import { isIP } from 'node:net';

import type { Request } from 'express';

import { cookieValues } from '../../http/cookies';
import { cookieLine, EXPIRED, type CookieAttributes } from './cookies';

/**
 * Clears cookies that another host of the same domain may have planted under the name of one of this app's cookies. A host can
 * set cookies for its parent domains, and browsers send them together with the app's own cookie of this name. The app's own
 * cookie has no domain and the path `/`, so that it stays.
 *
 * Returns an empty array if the request contains no other value than `own` under the name.
 */
export function plantedCleared(
  request: Request,
  name: string,
  own: string | undefined,
  attributes: CookieAttributes,
): string[] {
  const values = new Set(cookieValues(request.headers.cookie, name));
  if (values.size === 0 || (values.size === 1 && own !== undefined && values.has(own))) return [];
  // One value is usually an old cookie of the app, so the answer stays short. Several values mean that one is planted.
  const paths = values.size === 1 ? ['/'] : pathsOf(request);
  return [undefined, ...domainsOf(request)].flatMap((domain) =>
    paths
      .filter((path) => domain !== undefined || path !== '/')
      .map((path) => cookieLine(name, '', EXPIRED, { ...attributes, domain, path })),
  );
}

/** Returns true if the request contains several values under the name. */
export function isAmbiguous({ headers }: Request, name: string): boolean {
  return new Set(cookieValues(headers.cookie, name)).size > 1;
}

/** The number of domains and of paths for which a cookie is cleared. */
const MOST = 6;

/** Returns the host of the request and its parent domains. Hosts without a dot and IP addresses share no cookies. */
function domainsOf({ hostname }: Request): string[] {
  if (hostname === undefined || !HOST.test(hostname) || isIP(hostname) !== 0) return [];
  const labels = hostname.toLowerCase().split('.');
  return labels
    .slice(0, -1)
    .map((_, at) => labels.slice(at).join('.'))
    .slice(-MOST);
}

const HOST = /^[a-z\d-]+(\.[a-z\d-]+)+$/i;

/** Returns the paths for which a browser can have sent a cookie with this request: `/`, and for `/a/b` also `/a`, `/a/`, `/a/b`. */
function pathsOf({ originalUrl }: Request): string[] {
  const path = originalUrl.split(/[?;]/, 1)[0]!;
  const ends = [...path.matchAll(/\//g)].flatMap(({ index }) => [index, index + 1]);
  const paths = ['/', ...[...ends, path.length].map((end) => path.slice(0, end))];
  return [...new Set(paths)].filter((prefix) => PATH.test(prefix)).slice(0, MOST);
}

/** The characters that need no escape in the attribute of a cookie. */
const PATH = /^\/[\w.~%/-]*$/;
