import { cookieValues } from '../../http/cookies';

/** The purpose of a cookie, which is part of its name. A hash of the client follows it. */
export type CookiePurpose = 'secret' | 'session' | 'public-session';

/** Returns the name of a cookie, for example `open-xchange-secret-2H65ETpH7sX1kOWi6eyw`. */
export function cookieName(purpose: CookiePurpose, hash: string): string {
  return `open-xchange-${purpose}-${hash}`;
}

/** The cookie that a load balancer uses to send a client to the same node again. */
export const STICKY_COOKIE = 'JSESSIONID';

/**
 * Returns the value of a cookie in the `Cookie` header. Returns undefined if the cookie is missing. Also returns undefined if
 * the header contains it with different values, because the right value is unknown.
 */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  const [first, ...others] = cookieValues(header, name);
  return others.every((other) => other === first) ? first : undefined;
}

/** Returns the cookies in the header that have the purpose, with any hash. */
export function cookiesFor(
  purpose: CookiePurpose,
  header = '',
): readonly (readonly [name: string, value: string])[] {
  const names = new Set(header.split(';').map((pair) => pair.split('=', 1)[0]!.trim()));
  return [...names]
    .filter((name) => name.startsWith(cookieName(purpose, '')))
    .flatMap((name) => {
      const value = cookieValue(header, name);
      return value === undefined ? [] : [[name, value] as const];
    });
}

/** The attributes that all cookies of the protocol share. */
export interface CookieAttributes {
  readonly httpOnly: boolean;
  readonly secure: boolean;
  /** True if the names of the attributes start with capitals. */
  readonly capitalized: boolean;
  /** Only to clear a cookie that another host has set. The app's own cookies are for its host. */
  readonly domain?: string | undefined;
  /** Default: `/`. */
  readonly path?: string;
}

/**
 * Formats a value of `Set-Cookie`.
 * @param expires Milliseconds since 1970, or undefined for a cookie that ends with the browser session.
 */
export function cookieLine(
  name: string,
  value: string,
  expires: number | undefined,
  { httpOnly, secure, capitalized, domain, path = '/' }: CookieAttributes,
): string {
  const parts = [`${name}=${value}`];
  if (expires !== undefined) parts.push(`${capitalized ? 'Expires' : 'expires'}=${cookieDate(expires)}`);
  parts.push(`${capitalized ? 'Path' : 'path'}=${path}`);
  if (domain !== undefined) parts.push(`${capitalized ? 'Domain' : 'domain'}=${domain}`);
  if (secure) parts.push('Secure');
  if (httpOnly) parts.push('HttpOnly');
  return parts.join('; ');
}

/** The expiry time that clears a cookie, in milliseconds since 1970. */
export const EXPIRED = 10_000;

/** Formats a date with dashes, for example `Tue, 24-May-2011 13:28:59 GMT`. */
export function cookieDate(time: number): string {
  return new Date(time).toUTCString().replace(/ (\w{3}) /, '-$1-');
}
