import type { Request } from 'express';

import { mintSecret } from '../../session/credentials';
import type { IdentitySession } from '../../session/session';
import type { ClientHash } from './client-hash';
import {
  cookieLine,
  cookieName,
  cookiesFor,
  cookieValue,
  EXPIRED,
  STICKY_COOKIE,
  type CookiePurpose,
} from './cookies';
import type { OpenXchangeBasis, OpenXchangeSettings } from './options';

/** Reads and writes the cookies of clients. Each method that writes returns values of `Set-Cookie`. */
export interface ClientCookies {
  /** Returns the value of a cookie of the session, or undefined if the request does not contain it. */
  valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined;
  /** Builds a cookie of the session for the client that sent the request, with its full lifetime. */
  cookie(purpose: CookiePurpose, request: Request, session: IdentitySession, value: string): string;
  /**
   * Builds all cookies of the session. `hash` is the hash in their names. By default, it is the hash of the client that sent
   * the request. The session cookie is included only if the request contains it, because clients request it with the action
   * `store`.
   */
  cookies(request: Request, session: IdentitySession, secret: string, hash?: string): string[];
  /** Builds the public-session cookie with its full lifetime. Returns an empty array if `publicSession` is off. */
  publicCookies(request: Request, session: IdentitySession): string[];
  /** Returns true if the request contains a valid cookie for load balancers. */
  hasStickyCookie(request: Request): boolean;
  /**
   * Builds the cookie for load balancers, with the request's value or a new one. Returns an empty array if `stickyCookie` is
   * off.
   */
  stickyCookies(request: Request): string[];
  /** Clears the cookies with the hash and the cookies of the session. Skips cookies that the request does not contain. */
  cleared(request: Request, hash: string, sessionId?: string): string[];
}

/** Creates the cookies with the lifetimes and attributes that the options set. */
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
    const persistent = lifetimes.autologin && session.staySignedIn && cookieTtl !== undefined;
    const expires = persistent ? clock.now() + cookieTtl : undefined;
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

  // The value is the session id. Open-Xchange uses a second id for this cookie. Neither id proves possession of the session.
  function publicCookies(request: Request, session: IdentitySession): string[] {
    return settings.publicSession ? [cookie('public-session', request, session, session.sessionId)] : [];
  }

  function stickyCookies(request: Request): string[] {
    if (!settings.stickyCookie) return [];
    const value = stickyValue(request) ?? `${mintSecret('hex')}.${nodeId}`;
    const expires = cookieTtl === undefined ? undefined : clock.now() + cookieTtl;
    return [cookieLine(STICKY_COOKIE, value, expires, attributes)];
  }

  function cleared(request: Request, hash: string, sessionId?: string): string[] {
    // Later versions send `invalid` as the value. This version sends a value of the usual form.
    const lines = cookiesToClear(request.headers.cookie, hash, sessionId).map((name) =>
      cookieLine(name, mintSecret('hex'), EXPIRED, attributes),
    );
    const sticky = stickyValue(request);
    if (settings.stickyCookie && sticky !== undefined) {
      lines.push(cookieLine(STICKY_COOKIE, sticky, EXPIRED, attributes));
    }
    return lines;
  }

  const hasStickyCookie = (request: Request) => stickyValue(request) !== undefined;

  return { valueOf, cookie, cookies, publicCookies, hasStickyCookie, stickyCookies, cleared };
}

/**
 * Returns the names of the request's cookies that have the hash, and of its public-session cookies whose value is the
 * session id.
 */
function cookiesToClear(header: string | undefined, hash: string, sessionId?: string): string[] {
  const named = [cookieName('secret', hash), cookieName('session', hash)];
  const present = named.filter((name) => cookieValue(header, name) !== undefined);
  const id = sessionId ?? cookieValue(header, cookieName('session', hash));
  const publicOnes = cookiesFor('public-session', header).filter(([, value]) => value === id);
  return [...present, ...publicOnes.map(([name]) => name)];
}

/** The allowed form of a load balancer's cookie. It is checked because the client's own value is sent back. */
const STICKY = /^[\w-]{1,64}\.[\w.-]{1,64}$/;

function stickyValue({ headers }: Request): string | undefined {
  const value = cookieValue(headers.cookie, STICKY_COOKIE);
  return value !== undefined && STICKY.test(value) ? value : undefined;
}
