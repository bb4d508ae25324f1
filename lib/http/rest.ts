import type { Request } from 'express';

import { plainRefusal, SessionError, type RefusalCode } from '../errors';
import { messagesFor, type Translations } from '../session/i18n/translations';
import { isSecret, isSessionId } from '../session/credentials';
import { everySessionOf, otherSessionsOf, sessionsOf, type Revocation } from '../session/revocation';
import { currentIpAddress, type IdentitySession } from '../session/session';
import { displayLocation, displayName, type Messages } from '../session/i18n/messages';
import { cookieValues, setCookie } from './cookies';
import { type Answer, type Dialect, type RequestCredentials, type Transport, instant } from './dialect';
import type { DescribedSession } from '../session/described';

/** The part of a manager's `settings` that the REST wire needs. */
export interface RestOptions {
  readonly cookies: {
    readonly name: string;
    /** In milliseconds. */
    readonly ttl: number;
    readonly secure: boolean;
    readonly sameSite: 'lax' | 'strict';
  };
  /** What sessions are worded in, by the request's `Accept-Language`. */
  readonly translations: Translations;
}

/**
 * The wire for new apps: one cookie that holds id and secret, a bearer token for clients that keep no cookies, JSON, and
 * problem documents (RFC 9457). A plain object: an app changes what it wants by `{ ...rest(manager.settings), refusal }`.
 */
export function rest({ cookies, translations }: RestOptions): Dialect {
  const cookieName = cookies.secure ? `__Host-${cookies.name}` : cookies.name;
  const credentials = (request: Request) => readCredentials(request, cookieName);
  const messagesIn = ({ headers }: Request) => messagesFor(headers['accept-language'], translations);

  function session(current: DescribedSession, request: Request): Answer {
    const body = { session: sessionBody(current, true, messagesIn(request)) };
    return { status: 200, headers: PRIVATE, cookies: [], body };
  }

  return {
    sameOrigin: true,
    sameAddress: false,
    credentials,
    remembered: credentials,
    revocation,
    token: (sessionId, secret) => TOKEN_PREFIX + credentialsText(sessionId, secret),
    session,
    refusal,

    sessions(all, current, request) {
      const messages = messagesIn(request);
      const bodies = all.map((each) =>
        sessionBody(each, each.session.sessionId === current.sessionId, messages),
      );
      return { status: 200, headers: PRIVATE, cookies: [], body: { sessions: bodies } };
    },

    opened({ described, secret, transport }, request) {
      const answer = session(described, request);
      if (transport === 'bearer') return answer;
      const { sessionId, staySignedIn } = described.session;
      const maxAge = staySignedIn ? Math.floor(cookies.ttl / 1000) : undefined;
      const value = credentialsText(sessionId, secret);
      return { ...answer, cookies: [setCookie(cookieName, value, { ...cookies, maxAge })] };
    },

    revoked(forget) {
      const forgotten = forget ? [setCookie(cookieName, '', { ...cookies, maxAge: 0 })] : [];
      return { status: 204, headers: PRIVATE, cookies: forgotten };
    },
  };
}

/** How bearer tokens of this package begin; others belong to the app. */
const TOKEN_PREFIX = 'eis_';

const BEARER = /^bearer +(\S+) *$/i;

const STATUS: Readonly<Record<RefusalCode, number>> = {
  'credentials-missing': 401,
  'credentials-invalid': 401,
  'session-ended': 401,
  'session-expired': 401,
  'ip-changed': 401,
  'credentials-ambiguous': 400,
  'invalid-request': 400,
  'cross-site': 403,
  'autologin-disabled': 403,
  'permission-missing': 403,
  'session-not-found': 404,
  'session-limit-reached': 409,
  'auth-id-taken': 409,
  'session-id-taken': 409,
  'too-many-requests': 429,
  'store-unavailable': 503,
};

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** What is said of sessions is for nobody but the caller. */
const PRIVATE = { 'Cache-Control': 'no-store' };

function readCredentials(request: Request, cookieName: string): RequestCredentials | undefined {
  const token = bearerToken(request.headers.authorization);
  const cookies = cookieValues(request.headers.cookie, cookieName);
  if (cookies.length > 1) {
    throw new SessionError('credentials-ambiguous', 'The request carries the session cookie more than once.');
  }
  const [cookie] = cookies;
  if (token !== undefined && cookie !== undefined) {
    throw new SessionError(
      'credentials-ambiguous',
      'The request carries a session cookie and a session token.',
    );
  }
  if (token !== undefined) return parseCredentials(token, 'bearer');
  return cookie === undefined ? undefined : parseCredentials(cookie, 'cookie');
}

function revocation(request: Request, current: IdentitySession): Revocation {
  const id: unknown = request.params['id'];
  if (id === undefined) {
    return parseCurrentParameter(request.query['current'])
      ? everySessionOf(current)
      : otherSessionsOf(current, current.sessionId);
  }
  if (!isSessionId(id)) throw plainRefusal('session-not-found');
  return sessionsOf(current, [id]);
}

/** No cookie is removed by a refusal: by now a sign-in in another tab may have set a good one. */
function refusal(error: SessionError, request: Request): Answer {
  // A user can end sessions to sign in once more; when the node is full, there is nothing to do but wait.
  const status = error.per === 'node' ? 503 : STATUS[error.code];
  const { code, message: detail, endReason, retryAfter } = error;
  const body = { title: TITLE[status], status, detail, code, ...(endReason && { reason: endReason }) };
  const headers: Record<string, string> = {
    ...PRIVATE,
    'Content-Type': 'application/problem+json; charset=utf-8',
  };
  if (status === 401) headers['WWW-Authenticate'] = challenge(request);
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter);
  return { status, headers, cookies: [], body };
}

function credentialsText(sessionId: string, secret: string): string {
  return `${sessionId}.${secret}`;
}

function bearerToken(authorization: string | undefined): string | undefined {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return token?.startsWith(TOKEN_PREFIX) ? token.slice(TOKEN_PREFIX.length) : undefined;
}

/** @throws SessionError `credentials-invalid` for text that is not of the form, the same as for a wrong secret */
function parseCredentials(text: string, transport: Transport): RequestCredentials {
  const sessionId = text.slice(0, 32);
  const secret = text.slice(33);
  if (text[32] !== '.' || !isSessionId(sessionId) || !isSecret(secret)) {
    throw plainRefusal('credentials-invalid');
  }
  return { sessionId, secret, transport };
}

function parseCurrentParameter(value: unknown): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new SessionError('invalid-request', '"current" must be "true" or "false".');
}

/** RFC 6750: a client that sent a token learns that the token is the trouble. */
function challenge(request: Request): string {
  return bearerToken(request.headers.authorization) === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
}

function sessionBody(
  { session, device, place, expires }: DescribedSession,
  current: boolean,
  messages: Messages,
): object {
  const location = displayLocation(place, messages);
  return {
    id: session.sessionId,
    current,
    ipAddress: currentIpAddress(session),
    client: session.clientId,
    userAgent: session.userAgent,
    ...(location !== undefined && { location }),
    signedIn: instant(session.signedIn),
    lastAccessed: instant(session.lastAccessed ?? session.signedIn),
    expires: instant(expires),
    device: {
      displayName: displayName(device, messages),
      os: device.os,
      client: device.client,
      type: device.type,
    },
  };
}
