import type { Request } from 'express';

import { SessionError, type RefusalCode } from '../errors';
import { isSecret, isSessionId } from '../session/credentials';
import { everySessionOf, otherSessionsOf, sessionsOf, type Revocation } from '../session/revocation';
import { currentIpAddress, type IdentitySession } from '../session/session';
import { cookieValues, setCookie } from './cookies';
import type { Answer, DescribedSession, Dialect, OpenedSession, ShownCredentials } from './dialect';

export interface RestOptions {
  readonly cookies: {
    readonly name: string;
    /** In milliseconds. */
    readonly ttl: number;
    readonly secure: boolean;
    readonly sameSite: 'lax' | 'strict';
  };
}

/**
 * The wire for new apps: one cookie that holds id and secret, a bearer token for clients that keep no cookies, JSON, and
 * problem documents (RFC 9457).
 */
export function rest(options: RestOptions): Dialect {
  return new Rest(options);
}

/** How bearer tokens of this package begin; others belong to the app. */
const TOKEN_PREFIX = 'eis_';

const BEARER = /^bearer +(\S+) *$/i;

const STATUS: Readonly<Record<RefusalCode, number>> = {
  'credentials-missing': 401,
  'credentials-invalid': 401,
  'session-ended': 401,
  'session-expired': 401,
  'credentials-ambiguous': 400,
  'invalid-request': 400,
  'cross-site': 403,
  'autologin-disabled': 403,
  'session-not-found': 404,
  'session-limit-reached': 409,
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

class Rest implements Dialect {
  readonly sameOrigin = true;
  readonly #cookies: RestOptions['cookies'];
  readonly #cookieName: string;

  constructor({ cookies }: RestOptions) {
    this.#cookies = cookies;
    this.#cookieName = cookies.secure ? `__Host-${cookies.name}` : cookies.name;
  }

  credentials(request: Request): ShownCredentials | undefined {
    const token = bearerToken(request.headers.authorization);
    const cookies = cookieValues(request.headers.cookie, this.#cookieName);
    if (cookies.length + (token === undefined ? 0 : 1) > 1) {
      throw new SessionError(
        'credentials-ambiguous',
        token === undefined
          ? 'The request carries the session cookie more than once.'
          : 'The request carries a session cookie and a session token: send one of them.',
      );
    }
    if (token !== undefined) return shown(token, 'bearer');
    return cookies[0] === undefined ? undefined : shown(cookies[0], 'cookie');
  }

  remembered(request: Request): ShownCredentials | undefined {
    return this.credentials(request);
  }

  revocation(request: Request, current: IdentitySession): Revocation {
    const id: unknown = request.params['id'];
    if (id === undefined) {
      return wantsCurrent(request.query['current'])
        ? everySessionOf(current)
        : otherSessionsOf(current, current.sessionId);
    }
    if (!isSessionId(id)) throw new SessionError('session-not-found', 'There is no such session.');
    return sessionsOf(current, [id]);
  }

  opened({ described, secret, transport }: OpenedSession): Answer {
    const cookies = transport === 'cookie' ? [this.#cookie(described.session, secret)] : [];
    return { ...this.session(described), cookies };
  }

  token(sessionId: string, secret: string): string {
    return TOKEN_PREFIX + credentialsText(sessionId, secret);
  }

  session(current: DescribedSession): Answer {
    return { status: 200, headers: PRIVATE, cookies: [], body: { session: shape(current, true) } };
  }

  sessions(sessions: readonly DescribedSession[], current: IdentitySession): Answer {
    const shapes = sessions.map((each) => shape(each, each.session.sessionId === current.sessionId));
    return { status: 200, headers: PRIVATE, cookies: [], body: { sessions: shapes } };
  }

  revoked(forget: boolean): Answer {
    const { secure, sameSite } = this.#cookies;
    const cookies = forget ? [setCookie(this.#cookieName, '', { secure, sameSite, maxAge: 0 })] : [];
    return { status: 204, headers: PRIVATE, cookies };
  }

  refusal(error: SessionError, request: Request): Answer {
    const status = STATUS[error.code];
    const body = {
      title: TITLE[status],
      status,
      detail: error.message,
      code: error.code,
      ...(error.endReason && { reason: error.endReason }),
    };
    const headers: Record<string, string> = {
      ...PRIVATE,
      'Content-Type': 'application/problem+json; charset=utf-8',
    };
    if (status === 401) headers['WWW-Authenticate'] = challenge(request);
    if (error.retryAfter !== undefined) headers['Retry-After'] = String(error.retryAfter);
    // No cookie is removed here: by now a sign-in in another tab may have set a good one.
    return { status, headers, cookies: [], body };
  }

  #cookie(session: IdentitySession, secret: string): string {
    const { secure, sameSite, ttl } = this.#cookies;
    const maxAge = session.staySignedIn ? Math.floor(ttl / 1000) : undefined;
    return setCookie(this.#cookieName, credentialsText(session.sessionId, secret), {
      secure,
      sameSite,
      maxAge,
    });
  }
}

function credentialsText(sessionId: string, secret: string): string {
  return `${sessionId}.${secret}`;
}

function bearerToken(authorization: string | undefined): string | undefined {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return token?.startsWith(TOKEN_PREFIX) ? token.slice(TOKEN_PREFIX.length) : undefined;
}

/** @throws SessionError `credentials-invalid` for text that is not of the form, the same as for a wrong secret */
function shown(text: string, transport: ShownCredentials['transport']): ShownCredentials {
  const sessionId = text.slice(0, 32);
  const secret = text.slice(33);
  if (text[32] !== '.' || !isSessionId(sessionId) || !isSecret(secret)) {
    throw new SessionError('credentials-invalid', 'These credentials belong to no session.');
  }
  return { sessionId, secret, transport };
}

function wantsCurrent(value: unknown): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new SessionError('invalid-request', '"current" must be "true" or "false".');
}

/** RFC 6750: a client that sent a token learns that the token is the trouble. */
function challenge(request: Request): string {
  return bearerToken(request.headers.authorization) === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
}

function shape({ session, device, location, expires }: DescribedSession, current: boolean): object {
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
      displayName: device.displayName,
      os: device.os,
      client: device.client,
      type: device.type,
    },
  };
}

function instant(time: number): string {
  return new Date(time).toISOString();
}
