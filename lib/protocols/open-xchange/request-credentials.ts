import type { Request } from 'express';

import { plainRefusal, SessionError } from '../../errors';
import { cookieValues } from '../../http/cookies';
import type { RequestCredentials } from '../../http/dialect';
import { isSessionId } from '../../session/credentials';
import type { IdentitySession } from '../../session/session';
import type { ClientCookies } from './client-cookies';
import type { ClientHash } from './client-hash';
import { cookieName, cookiesFor, cookieValue } from './cookies';
import { parameter } from './parameters';

type Read = (request: Request) => RequestCredentials | undefined;

/** Functions that read credentials from a request. They return undefined if the request has no credentials. */
export interface CredentialReaders {
  /**
   * Reads the session id from the parameter `session`, and the secret from its cookie.
   * @throws SessionError `credentials-invalid` if the parameter is not a session id
   */
  readonly fromParameter: Read;
  /**
   * Reads the session id from the public-session cookie if the request is a `GET` or `HEAD` without the parameter `session`.
   * Reads other requests as `fromParameter` does.
   * @throws SessionError `credentials-ambiguous` if the cookies contain several session ids
   */
  readonly fromPublicCookie: Read;
  /**
   * Reads both the session id and the secret from the client's cookies, for autologin. The session must belong to the client in
   * the names of the cookies.
   */
  readonly fromStoredCookies: Read;
}

/** Creates the functions that read credentials. */
export function credentialReaders(
  { hashOf, hashIn }: Pick<ClientHash, 'hashOf' | 'hashIn'>,
  { valueOf }: Pick<ClientCookies, 'valueOf'>,
): CredentialReaders {
  // The secret is read later, because the name of its cookie depends on the session.
  function withSecretCookie(sessionId: string, request: Request): RequestCredentials {
    const secret = (session: IdentitySession) => valueOf('secret', request, session);
    return { sessionId, secret, transport: 'cookie' };
  }

  function fromParameter(request: Request): RequestCredentials | undefined {
    const sessionId = parameter(request, 'session');
    if (!sessionId) return undefined;
    if (!isSessionId(sessionId)) throw plainRefusal('credentials-invalid');
    return withSecretCookie(sessionId, request);
  }

  function fromPublicCookie(request: Request): RequestCredentials | undefined {
    if (parameter(request, 'session') || !READING.has(request.method)) return fromParameter(request);
    const named = new Set(cookiesFor('public-session', request.headers.cookie).map(([, value]) => value));
    const [sessionId] = named;
    if (named.size > 1) {
      throw new SessionError(
        'credentials-ambiguous',
        'The public-session cookies contain more than one session id.',
      );
    }
    return isSessionId(sessionId) ? withSecretCookie(sessionId, request) : undefined;
  }

  function fromStoredCookies(request: Request): RequestCredentials | undefined {
    const hash = hashOf(request);
    const { cookie } = request.headers;
    const sessionId = cookieValue(cookie, cookieName('session', hash));
    if (!isSessionId(sessionId) || !cookieValues(cookie, cookieName('secret', hash)).some(Boolean))
      return undefined;
    // Otherwise another host could plant the cookies of a session of its own, opened by a client with milder rules.
    const secret = (session: IdentitySession) =>
      hashIn(request, session) === hash ? valueOf('secret', request, session) : undefined;
    return { sessionId, secret, transport: 'cookie' };
  }

  return { fromParameter, fromPublicCookie, fromStoredCookies };
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);
