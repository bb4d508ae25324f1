import type { IncomingHttpHeaders } from 'node:http';

import type { Settings } from '../options/settings';
import { BOUND_FOR, type BindingEvidence } from '../manager/device-binding';
import { cookieValues, namedCookie, setCookie, type CookieAttributes, type NamedCookies } from './cookies';

const SUFFIX = '-bound';

interface Binding {
  readonly cookies: NamedCookies & CookieAttributes;
  readonly deviceBound: Settings['deviceBound'];
}

/** Returns what the request shows of the binding of its session. Returns undefined if the app binds no sessions. */
export function bindingEvidence(
  headers: IncomingHttpHeaders,
  { cookies, deviceBound }: Binding,
): BindingEvidence | undefined {
  if (deviceBound === 'off') return undefined;
  // Several cookies of this name are possible only if an attacker set one. None of them may help.
  const [cookie, second] = cookieValues(headers.cookie, namedCookie(cookies, SUFFIX));
  return {
    cookie: second === undefined ? cookie : undefined,
    skipped: headers['secure-session-skipped'] !== undefined,
  };
}

/** Returns the `Set-Cookie` value of a bound cookie. It lives shorter than the session, so it needs no other end. */
export function boundCookie(value: string, { cookies }: Pick<Binding, 'cookies'>): string {
  return setCookie(namedCookie(cookies, SUFFIX), value, { ...cookies, maxAge: BOUND_FOR / 1000 });
}

/** Returns the `Set-Cookie` values that remove the bound cookie: none if the app binds no sessions. */
export function clearedBoundCookie({ cookies, deviceBound }: Binding): string[] {
  if (deviceBound === 'off') return [];
  return [setCookie(namedCookie(cookies, SUFFIX), '', { ...cookies, maxAge: 0 })];
}

/** Returns the cookie's name and attributes, by which browsers find out whether it is missing. */
export function boundCredential({ cookies }: Pick<Binding, 'cookies'>): {
  readonly name: string;
  readonly attributes: string;
} {
  const name = namedCookie(cookies, SUFFIX);
  const [, ...attributes] = setCookie(name, '', cookies).split('; ');
  return { name, attributes: attributes.join('; ') };
}
