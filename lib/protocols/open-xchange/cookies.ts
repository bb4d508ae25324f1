import { cookieValues } from '../../http/cookies';

/** What a cookie of Open-Xchange is for; a hash stands behind it in the cookie's name. */
export type CookiePurpose = 'secret' | 'session' | 'public-session';

/** `open-xchange-secret-2H65ETpH7sX1kOWi6eyw` */
export function cookieName(purpose: CookiePurpose, hash: string): string {
  return `open-xchange-${purpose}-${hash}`;
}

/** By which a load balancer finds the node that a client was sent to before. */
export const STICKY_COOKIE = 'JSESSIONID';

/**
 * The value of the cookie in the request; undefined when there is none, and when there are several that differ, for then
 * nobody knows which is right. What else stands in the header does not matter.
 */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  const [first, ...others] = cookieValues(header, name);
  return others.every((other) => other === first) ? first : undefined;
}

/** The cookies of the request that are for the purpose, whatever hash is in their names. */
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

export interface CookieAttributes {
  readonly httpOnly: boolean;
  readonly secure: boolean;
}

/** A value of `Set-Cookie`; without a time the cookie ends with the browser's session. */
export function cookieLine(
  name: string,
  value: string,
  expires: number | undefined,
  { httpOnly, secure }: CookieAttributes,
): string {
  const parts = [`${name}=${value}`];
  if (expires !== undefined) parts.push(`expires=${cookieDate(expires)}`);
  parts.push('path=/');
  if (secure) parts.push('Secure');
  if (httpOnly) parts.push('HttpOnly');
  return parts.join('; ');
}

/** When cookies that are to go have expired. */
export const LONG_AGO = 10_000;

/** `Tue, 24-May-2011 13:28:59 GMT` */
export function cookieDate(time: number): string {
  return new Date(time).toUTCString().replace(/ (\w{3}) /, '-$1-');
}
