import type { IncomingHttpHeaders } from 'node:http';

import type { Settings } from '../options/settings';
import { BOUND_FOR, type BindingEvidence } from '../manager/device-binding';
import { cookieValues, setCookie, type CookieAttributes, type NamedCookies } from './cookies';

/** Chromium does not renew a cookie with the prefix `__Host-Http-`, so this one has the older prefix. */
function nameOf({ name, secure }: NamedCookies): string {
  return `${secure ? '__Host-' : ''}${name}-bound`;
}

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
  const [cookie, second] = cookieValues(headers.cookie, nameOf(cookies));
  return {
    cookie: second === undefined ? cookie : undefined,
    skipped: headers['secure-session-skipped'] !== undefined,
  };
}

/** Returns the `Set-Cookie` value of a bound cookie. It lives shorter than the session, so it needs no other end. */
export function boundCookie(value: string, { cookies }: Pick<Binding, 'cookies'>): string {
  return setCookie(nameOf(cookies), value, { ...cookies, maxAge: BOUND_FOR / 1000 });
}

/** Returns the `Set-Cookie` values that remove the bound cookie: none if the app binds no sessions. */
export function clearedBoundCookie({ cookies, deviceBound }: Binding): string[] {
  if (deviceBound === 'off') return [];
  return [setCookie(nameOf(cookies), '', { ...cookies, maxAge: 0 })];
}

/** Returns the cookie's name and attributes, by which browsers find out whether it is missing. */
export function boundCredential({ cookies }: Pick<Binding, 'cookies'>): {
  readonly name: string;
  readonly attributes: string;
} {
  const name = nameOf(cookies);
  const [, ...attributes] = setCookie(name, '', cookies).split('; ');
  return { name, attributes: attributes.join('; ') };
}
