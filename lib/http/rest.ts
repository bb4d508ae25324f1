import type { Request } from 'express';

import { invalidRequest, plainRefusal, SessionError } from '../errors';
import type { ListOptions } from '../manager/own-sessions';
import { messagesFor, type Translations } from '../session/i18n/translations';
import type { SiteData } from '../options/options';
import type { Device } from '../session/device/device';
import { isSessionId } from '../session/credentials';
import { sessionsOf, type Revocation } from '../session/revocation';
import { currentIpAddress, type IdentitySession } from '../session/session';
import { displayLocation, displayName, displayRefusal, type Messages } from '../session/i18n/messages';
import { visible } from '../session/text';
import { wholeNumber } from '../session/whole-number';
import { mapInSlices } from '../slices';
import { MOST_TAKEN } from '../store/store';
import { clearedBoundCookie } from './bound-cookie';
import { namedCookie, onlyValue, setCookie, SEVERAL as SEVERAL_COOKIES } from './cookies';
import { type Answer, type Dialect, type RequestCredentials, type Transport, instant } from './dialect';
import { idParameter } from './id-parameter';
import { ticketCookie, ticketOf } from './limit-ticket';
import type { DescribedSession } from '../session/described';

/** The part of a manager's `settings` that the REST dialect needs. */
export interface RestOptions {
  readonly cookies: {
    readonly name: string;
    /** The lifetime of persistent cookies in milliseconds. */
    readonly ttl: number;
    readonly secure: boolean;
    readonly sameSite: 'lax' | 'strict' | 'none';
    readonly partitioned: boolean;
  };
  /** The data of the site that a browser deletes when its user signs out. Default: none. */
  readonly clearSiteData?: readonly SiteData[] | undefined;
  /** True to replace bearer tokens too. Default: `false`. */
  readonly rotateBearerTokens?: boolean;
  /** As the option of the manager. Default: `off`. */
  readonly deviceBound?: 'off' | 'optional' | 'required';
  /** The languages of names, locations and refusals. The request's `Accept-Language` selects one. */
  readonly translations: Translations;
}

/**
 * Creates the dialect of the package's own protocol: one cookie with id and secret, a bearer token for clients that keep no
 * cookies, JSON bodies, and problem documents (RFC 9457). It is a plain object, so that an app can replace parts of it:
 * `{ ...rest(manager.settings), refusal: myRefusal }`.
 */
export function rest(options: RestOptions): Dialect {
  const {
    cookies,
    clearSiteData = [],
    translations,
    rotateBearerTokens = false,
    deviceBound = 'off',
  } = options;
  const cookieName = namedCookie(cookies);
  const cookieBegin = `${cookieName}=`;
  const credentials = (request: Request) => readCredentials(request, cookieBegin);
  const messagesIn = ({ headers }: Request) => messagesFor(headers['accept-language'], translations);

  function session(current: DescribedSession, request: Request): Answer {
    const body = { session: sessionBody(current, true, messagesIn(request)) };
    return { status: 200, headers: PRIVATE, cookies: [], body };
  }

  function credentialCookie({ sessionId, staySignedIn }: IdentitySession, secret: string): string {
    const maxAge = staySignedIn ? Math.floor(cookies.ttl / 1000) : undefined;
    return setCookie(cookieName, credentialsText(sessionId, secret), { ...cookies, maxAge });
  }

  const token = (sessionId: string, secret: string) => TOKEN_PREFIX + credentialsText(sessionId, secret);

  return {
    sameOrigin: true,
    sameAddress: false,
    bindable: true,
    credentials,
    remembered: credentials,
    revocation,
    page: pageOf,
    token,
    rotates: rotateBearerTokens ? ['cookie', 'bearer'] : ['cookie'],
    rotated({ session: of, secret, transport }) {
      return transport === 'bearer'
        ? { headers: { [NEW_TOKEN]: token(of.sessionId, secret) }, cookies: [] }
        : { headers: {}, cookies: [credentialCookie(of, secret)] };
    },
    session,
    refusal(error, request) {
      const answer = refusal(error, request, messagesIn(request));
      const ticket = ticketOf(error);
      if (ticket === undefined) return answer;
      const body = {
        ...answer.body,
        ticket: ticket.ticket,
        expires: instant(ticket.expires),
        routes: CHOICE,
      };
      return { ...answer, cookies: ticketCookie(ticket, cookies), body };
    },

    async sessions({ sessions, next }, current, request) {
      const messages = messagesIn(request);
      const bodies = await mapInSlices(sessions, (each) =>
        sessionBody(each, each.session.sessionId === current.sessionId, messages),
      );
      const body = { sessions: bodies, ...(next !== undefined && { next }) };
      return { status: 200, headers: PRIVATE, cookies: [], body };
    },

    opened({ described, secret, transport }, request) {
      const answer = session(described, request);
      if (transport === 'bearer') return answer;
      return { ...answer, cookies: [credentialCookie(described.session, secret)] };
    },

    revoked(clearCookies) {
      if (!clearCookies) return { status: 204, headers: PRIVATE, cookies: [] };
      const cleared = setCookie(cookieName, '', { ...cookies, maxAge: 0 });
      return {
        status: 204,
        headers: { ...PRIVATE, ...siteDataHeader(clearSiteData) },
        cookies: [cleared, ...clearedBoundCookie({ cookies, deviceBound })],
      };
    },
  };
}

/** The prefix of this package's bearer tokens. Tokens without it belong to the app and are ignored. */
const TOKEN_PREFIX = 'eis_';

/** The response header with a token that replaces the one of the request. */
const NEW_TOKEN = 'Identity-Session-Token';

const BEARER = /^bearer +(\S+) *$/i;

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** The routes of `restRouter` for the holder of a ticket, relative to the path under which it is mounted. */
const CHOICE = { sessions: 'GET /session/choice', signIn: 'POST /session/choice' };

/**
 * No cache may store an answer about a user's sessions, no browser may take it for a script or a page, and no page of another origin may
 * embed it.
 */
export const PRIVATE = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

function readCredentials({ headers }: Request, cookieBegin: string): RequestCredentials | undefined {
  const token = bearerToken(headers.authorization);
  const cookie = headers.cookie === undefined ? undefined : onlyValue(headers.cookie, cookieBegin);
  if (cookie === SEVERAL_COOKIES) {
    throw new SessionError(
      'credentials-ambiguous',
      'The request contains the session cookie more than once.',
    );
  }
  if (token !== undefined && cookie !== undefined) {
    throw new SessionError(
      'credentials-ambiguous',
      'The request contains both a session cookie and a session token.',
    );
  }
  if (token !== undefined) return parseCredentials(token, 'bearer');
  return cookie === undefined ? undefined : parseCredentials(cookie, 'cookie');
}

function revocation(request: Request, current: IdentitySession): Revocation {
  const id = idParameter(request);
  if (!isSessionId(id)) throw plainRefusal('session-not-found');
  return sessionsOf(current, [id]);
}

/**
 * Returns the page that the parameters `limit` and `after` ask for.
 * @throws SessionError `invalid-request`
 */
export function pageOf({ query }: Request): ListOptions {
  const { limit, after } = query;
  if (after !== undefined && typeof after !== 'string') {
    throw invalidRequest('after', '"{name}" must be a single value.');
  }
  return { ...(limit !== undefined && { limit: limitIn(limit) }), ...(after !== undefined && { after }) };
}

function limitIn(value: unknown): number {
  const digits = typeof value === 'string' && /^\d{1,9}$/.test(value) ? value : NaN;
  return wholeNumber('limit', Number(digits), 1, MOST_TAKEN);
}

/** Builds a problem document. It never clears the cookie: a sign-in in another tab may have set a new one by now. */
function refusal(error: SessionError, request: Request, messages: Messages): Answer & { body: object } {
  const { status, code, endReason, required } = error;
  const detail = displayRefusal(error, messages);
  const body = {
    title: TITLE[status],
    status,
    detail,
    code,
    ...(endReason && { reason: endReason }),
    ...(required && { required }),
  };
  const headers = {
    ...PRIVATE,
    ...error.headers,
    'Content-Type': 'application/problem+json; charset=utf-8',
    ...(status === 401 && required === undefined && { 'WWW-Authenticate': challenge(request) }),
  };
  return { status, headers, cookies: [], body };
}

function siteDataHeader(cleared: readonly SiteData[]): Record<string, string> {
  return cleared.length === 0 ? {} : { 'Clear-Site-Data': cleared.map((data) => `"${data}"`).join(', ') };
}

function credentialsText(sessionId: string, secret: string): string {
  return `${sessionId}.${secret}`;
}

function bearerToken(authorization: string | undefined): string | undefined {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return token?.startsWith(TOKEN_PREFIX) ? token.slice(TOKEN_PREFIX.length) : undefined;
}

/**
 * Splits the text. Checks only its length and the dot, because a session with other characters in its id or secret is not found,
 * which has the same result.
 * @throws SessionError `credentials-invalid` if the text is malformed, as for a wrong secret
 */
function parseCredentials(text: string, transport: Transport): RequestCredentials {
  if (text.length !== CREDENTIALS_LENGTH || text.charCodeAt(ID_LENGTH) !== DOT) {
    throw plainRefusal('credentials-invalid');
  }
  return { sessionId: text.slice(0, ID_LENGTH), secret: text.slice(ID_LENGTH + 1), transport };
}

const ID_LENGTH = 32;
const SECRET_LENGTH = 43;
const CREDENTIALS_LENGTH = ID_LENGTH + 1 + SECRET_LENGTH;
const DOT = 0x2e;

/** If the client sent a token, the challenge says that the token is invalid (RFC 6750). */
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
    client: visible(session.clientId),
    ...(session.name !== null && { name: visible(session.name) }),
    ...(session.actor !== null && { impersonation: true }),
    ...(session.boundAt !== null && { deviceBound: true }),
    userAgent: visible(session.userAgent),
    ...(location !== undefined && { location }),
    signedIn: instant(session.signedIn),
    ...(session.authenticatedAt !== null && { authenticatedAt: instant(session.authenticatedAt) }),
    ...(session.acr !== null && { acr: session.acr }),
    ...(session.amr.length > 0 && { amr: session.amr }),
    lastAccessed: instant(session.lastAccessed ?? session.signedIn),
    expires: instant(expires),
    device: deviceBody(device, messages),
  };
}

export function deviceBody(device: Device, messages: Messages): object {
  const { os, client, type } = device;
  return { displayName: displayName(device, messages), os, client, type };
}
