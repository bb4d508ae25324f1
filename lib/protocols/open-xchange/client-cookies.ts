import type { Request } from 'express';

import { mintSecret } from '../../session/credentials';
import type { IdentitySession } from '../../session/session';
import type { ClientHash } from './client-hash';
import {
  cookieLine,
  cookieName,
  cookiesFor,
  cookieValue,
  LONG_AGO,
  STICKY_COOKIE,
  type CookiePurpose,
} from './cookies';
import type { OpenXchangeBasis, OpenXchangeSettings } from './options';

/** The cookies that a client of Open-Xchange sends, and is sent. */
export interface ClientCookies {
  /** The value that the request gives for a cookie of the session. */
  valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined;
  /** A cookie of the session for the client that sends the request, with its whole lifetime before it. */
  cookie(purpose: CookiePurpose, request: Request, session: IdentitySession, value: string): string;
  /**
   * All cookies of the session, under `hash` or else that of the client that sends the request. The session cookie is among
   * them only if the request came with it: a client is given that when it asks to `store` the session.
   */
  cookies(request: Request, session: IdentitySession, secret: string, hash?: string): string[];
  /** The public-session cookie, with its whole lifetime before it; none when it is switched off. */
  publicCookies(request: Request, session: IdentitySession): string[];
  /** Whether the request carries a cookie for load balancers. */
  hasStickyCookie(request: Request): boolean;
  /** The cookie for load balancers: the one that came with the request, or a new one; none when it is switched off. */
  stickyCookies(request: Request): string[];
  /** Has the browser forget the cookies of that hash and of that session, as far as they came with the request. */
  forgotten(request: Request, hash: string, sessionId?: string): string[];
}

/** The cookies as the options have them, under the names that the hash gives them. */
export function clientCookies(
  settings: OpenXchangeSettings,
  { cookies: { secure }, lifetimes, nodeId, clock }: OpenXchangeBasis,
  { hashIn, publicHash }: Pick<ClientHash, 'hashIn' | 'publicHash'>,
): ClientCookies {
  const { cookieTtl } = settings;
  const attributes = { httpOnly: settings.httpOnly, secure };

  function hashFor(purpose: CookiePurpose, request: Request, session: IdentitySession): string {
    return purpose === 'public-session' ? publicHash(request, session) : hashIn(request, session);
  }

  function valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined {
    return cookieValue(request.headers.cookie, cookieName(purpose, hashFor(purpose, request, session)));
  }

  function cookie(purpose: CookiePurpose, request: Request, session: IdentitySession, value: string): string {
    return lineOf(purpose, hashFor(purpose, request, session), session, value);
  }

  function lineOf(purpose: CookiePurpose, hash: string, session: IdentitySession, value: string): string {
    const lasts = lifetimes.autologin && session.staySignedIn && cookieTtl !== undefined;
    const expires = lasts ? clock.now() + cookieTtl : undefined;
    return cookieLine(cookieName(purpose, hash), value, expires, attributes);
  }

  function cookies(
    request: Request,
    session: IdentitySession,
    secret: string,
    hash = hashIn(request, session),
  ): string[] {
    const stored = cookieValue(request.headers.cookie, cookieName('session', hash)) === session.sessionId;
    return [
      lineOf('secret', hash, session, secret),
      ...(stored ? [lineOf('session', hash, session, session.sessionId)] : []),
      ...publicCookies(request, session),
    ];
  }

  /** Its value is the session's id: a handle, which proves as little as the second one that Open-Xchange has for it. */
  function publicCookies(request: Request, session: IdentitySession): string[] {
    return settings.publicSession ? [cookie('public-session', request, session, session.sessionId)] : [];
  }

  function stickyCookies(request: Request): string[] {
    if (!settings.stickyCookie) return [];
    const value = stickyValue(request) ?? `${mintSecret('hex')}.${nodeId}`;
    const expires = cookieTtl === undefined ? undefined : clock.now() + cookieTtl;
    return [cookieLine(STICKY_COOKIE, value, expires, attributes)];
  }

  function forgotten(request: Request, hash: string, sessionId?: string): string[] {
    const header = request.headers.cookie;
    const names = [cookieName('secret', hash), cookieName('session', hash)];
    const came = names.filter((name) => cookieValue(header, name) !== undefined);
    const id = sessionId ?? cookieValue(header, cookieName('session', hash));
    for (const [name, value] of cookiesFor('public-session', header)) {
      if (value === id) came.push(name);
    }
    // Not `invalid`, as later versions have it: a value of the usual form.
    const lines = came.map((name) => cookieLine(name, mintSecret('hex'), LONG_AGO, attributes));
    const sticky = stickyValue(request);
    if (settings.stickyCookie && sticky !== undefined) {
      lines.push(cookieLine(STICKY_COOKIE, sticky, LONG_AGO, attributes));
    }
    return lines;
  }

  const hasStickyCookie = (request: Request) => stickyValue(request) !== undefined;

  return { valueOf, cookie, cookies, publicCookies, hasStickyCookie, stickyCookies, forgotten };
}

/** What a balancer's cookie may look like: a client's own is given back to it. */
const STICKY = /^[\w-]{1,64}\.[\w.-]{1,64}$/;

function stickyValue({ headers }: Request): string | undefined {
  const value = cookieValue(headers.cookie, STICKY_COOKIE);
  return value !== undefined && STICKY.test(value) ? value : undefined;
}
