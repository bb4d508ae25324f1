import type { Request, RequestHandler } from 'express';

import type { OpenXchangeDialect } from './dialect';
import { lru } from '../../lru';
import { dialectOf, sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { IdentitySession } from '../../session/session';

/** How many sessions are remembered: of the others, cookies are sent once more than needed. */
const MOST_KNOWN = 50_000;

/**
 * Sends cookies again before they expire: a seventh of their lifetime after they were last sent. When that was, each node
 * remembers for itself, or takes the sign-in for it; so it costs no query, and at the worst a cookie is sent too early.
 * A public-session cookie that is missing is sent at once.
 */
export class CookieRefresh {
  readonly #sent = lru<number>(MOST_KNOWN);
  readonly #manager: IdentitySessionManager;
  readonly #dialect: OpenXchangeDialect;

  constructor(manager: IdentitySessionManager, dialect: OpenXchangeDialect) {
    this.#manager = manager;
    this.#dialect = dialect;
  }

  /** The cookies of the session that the request is in, when it is time: mostly it is not, and the secret not looked for. */
  due(request: Request, session: IdentitySession, secret: () => string): string[] {
    if (this.#isTime(session)) return this.#dialect.cookies(request, session, secret());
    if (!this.#dialect.settings.publicSession) return [];
    const isMissing = this.#dialect.valueOf('public-session', request, session) !== session.sessionId;
    return isMissing && keepsCookies(request) ? this.#dialect.publicCookies(request, session) : [];
  }

  /** Puts them on the response, behind a guard. */
  handler(): RequestHandler {
    return (request, response, next) => {
      const session = sessionOf(request);
      const secret = () => this.#dialect.valueOf('secret', request, session)!;
      const cookies = this.due(request, session, secret);
      if (cookies.length > 0) response.append('Set-Cookie', cookies);
      next();
    };
  }

  #isTime(session: IdentitySession): boolean {
    const { cookieTtl } = this.#dialect.settings;
    const { lifetimes, clock } = this.#manager.settings;
    if (cookieTtl === undefined || !lifetimes.autologin || !session.staySignedIn) return false;
    const sent = this.#sent.get(session.sessionId) ?? session.signedIn;
    if (clock.now() - sent <= cookieTtl / 7) return false;
    this.#sent.set(session.sessionId, clock.now());
    return true;
  }
}

/**
 * For the app's own routes, behind their `sessionSecretGuard`: sends the cookies of Open-Xchange again before they expire,
 * so that a client that is used stays signed in, whichever routes it asks.
 */
export function cookieRefresh(
  manager: IdentitySessionManager,
  options: { readonly dialect: OpenXchangeDialect },
): RequestHandler {
  dialectOf('cookieRefresh', manager, options);
  return new CookieRefresh(manager, options.dialect).handler();
}

/** The gateway of ActiveSync keeps none: it would be sent one with every answer. */
function keepsCookies({ headers }: Request): boolean {
  return headers['user-agent'] !== 'Open-Xchange USM HTTP Client';
}
