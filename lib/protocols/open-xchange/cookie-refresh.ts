import type { Request, RequestHandler } from 'express';

import type { OpenXchangeDialect } from './dialect';
import { lru } from '../../lru';
import { beforeHeaders, isMarkedPublic, keepFromSharedCaches } from '../../http/before-headers';
import { dialectOf, sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { IdentitySession } from '../../session/session';

/**
 * The number of sessions whose last refresh is remembered. If a session is not among them, its cookies can be sent earlier
 * than necessary.
 */
const MOST_REMEMBERED = 50_000;

/**
 * Sends cookies again when a seventh of their lifetime has passed since they were last sent. Each node keeps the time of the
 * last refresh in memory. If it does not know that time, it uses the time of the sign-in, so a cookie can be sent too early.
 * This needs no query. A missing public-session cookie is sent immediately.
 */
export class CookieRefresh {
  readonly #sent = lru<number>(MOST_REMEMBERED);
  readonly #manager: IdentitySessionManager;
  readonly #dialect: OpenXchangeDialect;

  constructor(manager: IdentitySessionManager, dialect: OpenXchangeDialect) {
    this.#manager = manager;
    this.#dialect = dialect;
  }

  /**
   * Returns the cookies to send with the answer, usually an empty array. `secret` is a function because it is rarely needed.
   */
  due(request: Request, session: IdentitySession, secret: () => string | undefined): string[] {
    if (!this.#isTime(request, session)) {
      return this.#lacksPublic(request, session) ? this.#dialect.publicCookies(request, session) : [];
    }
    const value = secret();
    if (value === undefined) return [];
    this.#sent.set(session.sessionId, this.#manager.settings.clock.now());
    return this.#dialect.cookies(request, session, value);
  }

  /**
   * Creates a handler that sets the cookies on the response. It must be mounted after a guard. If the app marks the response as
   * public, the cookies wait for another response, because a shared cache would give them to other users.
   */
  handler(): RequestHandler {
    return (request, response, next) => {
      const session = sessionOf(request);
      if (!this.#isTime(request, session) && !this.#lacksPublic(request, session)) return next();
      const secret = () => this.#dialect.valueOf('secret', request, session);
      beforeHeaders(response, () => {
        if (isMarkedPublic(response)) return;
        const cookies = this.due(request, session, secret);
        if (cookies.length === 0) return;
        keepFromSharedCaches(response, 'private');
        // Cookies that the route has set come later and win, for example when it has signed the user out.
        const set = response.getHeader('Set-Cookie') ?? [];
        response.setHeader('Set-Cookie', [...cookies, set].flat().map(String));
      });
      next();
    };
  }

  /** Returns true if all cookies are due: by their age, or because the request contains a planted one. */
  #isTime(request: Request, session: IdentitySession): boolean {
    return this.#areOld(session) || this.#dialect.hasPlanted(request, session);
  }

  #lacksPublic(request: Request, session: IdentitySession): boolean {
    if (!this.#dialect.settings.publicSession || !keepsCookies(request)) return false;
    return this.#dialect.valueOf('public-session', request, session) !== session.sessionId;
  }

  #areOld(session: IdentitySession): boolean {
    const { cookieTtl } = this.#dialect.settings;
    const { lifetimes, clock } = this.#manager.settings;
    if (cookieTtl === undefined || !lifetimes.autologin || !session.staySignedIn) return false;
    const sent = this.#sent.get(session.sessionId) ?? session.signedIn;
    return clock.now() - sent > cookieTtl / 7;
  }
}

/**
 * Creates a handler that sends the cookies of an Open-Xchange client again before they expire. Mount it after the
 * `sessionSecretGuard` of the app's own routes, so that a client stays signed in while it uses any of them.
 * @throws TypeError if `manager` is not a manager or if options are invalid
 */
export function cookieRefresh(
  manager: IdentitySessionManager,
  options: { readonly dialect: OpenXchangeDialect },
): RequestHandler {
  dialectOf('cookieRefresh', manager, options);
  return new CookieRefresh(manager, options.dialect).handler();
}

/** Returns false for the ActiveSync gateway. It stores no cookies and would receive one with every answer. */
function keepsCookies({ headers }: Request): boolean {
  return headers['user-agent'] !== 'Open-Xchange USM HTTP Client';
}
