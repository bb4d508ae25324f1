import type { Request } from 'express';

import { cookieValues } from '../../http/cookies';
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
import { GENERATIONS } from './generation';
import type { OpenXchangeBasis, OpenXchangeSettings } from './options';
import { isAmbiguous, plantedCleared } from './planted-cookies';
import { provenSecret } from './proven-secret';

/** Reads and writes the cookies of clients. Each method that writes returns values of `Set-Cookie`. */
export interface ClientCookies {
  /**
   * Returns the value of a cookie of the session, or undefined if the request does not contain it. If the request contains several
   * values, returns the session's secret, and undefined for other purposes.
   */
  valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined;
  /**
   * Builds a cookie of the session for the client that sent the request, with its full lifetime. If the request contains another
   * value, the result begins with lines that clear a planted cookie.
   */
  cookie(purpose: CookiePurpose, request: Request, session: IdentitySession, value: string): string[];
  /**
   * Builds all cookies of the session, for a client that already has them. The session cookie is included only if the request
   * contains it, because in the generation `6` clients request it with the action `store`.
   */
  cookies(request: Request, session: IdentitySession, secret: string): string[];
  /**
   * Builds all cookies of the session, for a client that has just signed in. The session cookie is also included if autologin
   * is enabled and the generation or the client, by `stores`, asks for it.
   */
  newCookies(
    request: Request,
    session: IdentitySession,
    secret: string,
    options?: NewCookieOptions,
  ): string[];
  /** Builds the public-session cookie with its full lifetime. Returns an empty array if `publicSession` is off. */
  publicCookies(request: Request, session: IdentitySession): string[];
  /** Returns true if the request contains a valid cookie for load balancers. */
  hasStickyCookie(request: Request): boolean;
  /** Returns the value of the request's cookie for load balancers, or a new one. It ends with the node's name, if it has one. */
  stickyValue(request: Request): string;
  /**
   * Builds the cookie for load balancers, with the request's value or a new one. Returns an empty array if `stickyCookie` is
   * off.
   */
  stickyCookies(request: Request): string[];
  /** Clears the cookies with the hash and the cookies of the session. Skips cookies that the request does not contain. */
  cleared(request: Request, hash: string, sessionId?: string): string[];
  /** Returns true if the request contains several values for a cookie of the session, so that another host planted one. */
  hasPlanted(request: Request, session: IdentitySession): boolean;
  /** Clears planted session cookies with the hash, and keeps the app's own. Returns an empty array if the request has only one value. */
  plantedCleared(request: Request, hash: string): string[];
}

/** The options of `newCookies`. */
export interface NewCookieOptions {
  /** The hash in the names of the cookies. Default: the hash of the client that sent the request. */
  readonly hash?: string;
  /** True if the client asks for the session cookie. Default: false. */
  readonly stores?: boolean;
}

/** Creates the cookies with the lifetimes and attributes that the options set. */
export function clientCookies(
  settings: OpenXchangeSettings,
  { cookies: { secure }, lifetimes, nodeId, clock }: OpenXchangeBasis,
  { hashIn, publicHash }: Pick<ClientHash, 'hashIn' | 'publicHash'>,
): ClientCookies {
  const { cookieTtl } = settings;
  const { signInStores, capitalizesAttributes: capitalized } = GENERATIONS[settings.generation];
  const attributes = { httpOnly: settings.httpOnly, secure, capitalized };

  function hashFor(purpose: CookiePurpose, request: Request, session: IdentitySession): string {
    return purpose === 'public-session' ? publicHash(request, session) : hashIn(request, session);
  }

  function valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined {
    const name = cookieName(purpose, hashFor(purpose, request, session));
    const { cookie } = request.headers;
    if (purpose === 'secret') return provenSecret(request, session, cookieValues(cookie, name));
    return cookieValue(cookie, name);
  }

  function cookie(
    purpose: CookiePurpose,
    request: Request,
    session: IdentitySession,
    value: string,
    hash = hashFor(purpose, request, session),
  ): string[] {
    const planted = plantedCleared(request, cookieName(purpose, hash), value, attributes);
    return [...planted, lineOf(purpose, hash, session, value)];
  }

  function lineOf(purpose: CookiePurpose, hash: string, session: IdentitySession, value: string): string {
    const persistent = lifetimes.autologin && session.staySignedIn && cookieTtl !== undefined;
    const expires = persistent ? clock.now() + cookieTtl : undefined;
    return cookieLine(cookieName(purpose, hash), value, expires, attributes);
  }

  function cookies(request: Request, session: IdentitySession, secret: string): string[] {
    const hash = hashIn(request, session);
    return lines(request, session, secret, { hash, stores: isStored(request, session, hash) });
  }

  function newCookies(
    request: Request,
    session: IdentitySession,
    secret: string,
    { hash = hashIn(request, session), stores = false }: NewCookieOptions = {},
  ): string[] {
    const asked = lifetimes.autologin && (signInStores || stores);
    return lines(request, session, secret, { hash, stores: asked || isStored(request, session, hash) });
  }

  function lines(
    request: Request,
    session: IdentitySession,
    secret: string,
    { hash, stores }: Required<NewCookieOptions>,
  ): string[] {
    const { sessionId } = session;
    return [
      ...cookie('secret', request, session, secret, hash),
      ...publicCookies(request, session),
      ...(stores
        ? cookie('session', request, session, sessionId, hash)
        : plantedCleared(request, cookieName('session', hash), undefined, attributes)),
    ];
  }

  // The value is the session id. Open-Xchange uses a second id for this cookie. Neither id proves possession of the session.
  function publicCookies(request: Request, session: IdentitySession): string[] {
    return settings.publicSession ? cookie('public-session', request, session, session.sessionId) : [];
  }

  function stickyCookies(request: Request): string[] {
    if (!settings.stickyCookie) return [];
    const expires = cookieTtl === undefined ? undefined : clock.now() + cookieTtl;
    return [cookieLine(STICKY_COOKIE, stickyValue(request), expires, attributes)];
  }

  function stickyValue(request: Request): string {
    return givenStickyValue(request) ?? mintSecret('hex') + (nodeId === null ? '' : `.${nodeId}`);
  }

  function cleared(request: Request, hash: string, sessionId?: string): string[] {
    const lines = cookiesToClear(request.headers.cookie, hash, sessionId).flatMap((name) => [
      ...(isAmbiguous(request, name) ? plantedCleared(request, name, undefined, attributes) : []),
      cookieLine(name, capitalized ? 'invalid' : mintSecret('hex'), EXPIRED, attributes),
    ]);
    const sticky = givenStickyValue(request);
    if (settings.stickyCookie && sticky !== undefined) {
      lines.push(cookieLine(STICKY_COOKIE, sticky, EXPIRED, attributes));
    }
    return lines;
  }

  function hasPlanted(request: Request, session: IdentitySession): boolean {
    const hash = hashIn(request, session);
    if (
      isAmbiguous(request, cookieName('secret', hash)) ||
      isAmbiguous(request, cookieName('session', hash))
    ) {
      return true;
    }
    return (
      settings.publicSession &&
      isAmbiguous(request, cookieName('public-session', publicHash(request, session)))
    );
  }

  const hasStickyCookie = (request: Request) => givenStickyValue(request) !== undefined;

  return {
    valueOf,
    cookie,
    cookies,
    newCookies,
    publicCookies,
    hasStickyCookie,
    stickyValue,
    stickyCookies,
    cleared,
    hasPlanted,
    plantedCleared: (request, hash) => {
      const name = cookieName('session', hash);
      return isAmbiguous(request, name) ? plantedCleared(request, name, undefined, attributes) : [];
    },
  };
}

/** Returns true if the request contains the session cookie of the session. */
function isStored({ headers }: Request, { sessionId }: IdentitySession, hash: string): boolean {
  return cookieValues(headers.cookie, cookieName('session', hash)).includes(sessionId);
}

/**
 * Returns the names of the request's cookies that have the hash, and of its public-session cookies whose value is the
 * session id.
 */
function cookiesToClear(header: string | undefined, hash: string, sessionId?: string): string[] {
  const named = [cookieName('secret', hash), cookieName('session', hash)];
  const present = named.filter((name) => cookieValues(header, name).length > 0);
  const id = sessionId ?? cookieValue(header, cookieName('session', hash));
  const publicOnes = cookiesFor('public-session', header).filter(([, value]) => value === id);
  return [...present, ...publicOnes.map(([name]) => name)];
}

/** The allowed form of a load balancer's cookie. It is checked because the client's own value is sent back. */
const STICKY = /^[\w-]{1,64}\.[\w.-]{1,64}$/;

function givenStickyValue({ headers }: Request): string | undefined {
  const value = cookieValue(headers.cookie, STICKY_COOKIE);
  return value !== undefined && STICKY.test(value) ? value : undefined;
}
