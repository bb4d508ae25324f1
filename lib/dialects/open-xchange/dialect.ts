import type { Request } from 'express';

import type { Clock } from '../../clock';
import { plainRefusal, SessionError } from '../../errors';
import { wordingFor, type Catalogue } from '../../session/catalogue';
import { isSessionId, mintSecret } from '../../session/credentials';
import { sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import type { Answer, DescribedSession, Dialect, ShownCredentials } from '../dialect';
import { answer } from './answers';
import { cookieHasher } from './cookie-hash';
import {
  cookieLine,
  cookieName,
  cookiesFor,
  cookieValue,
  LONG_AGO,
  STICKY_COOKIE,
  type CookiePurpose,
} from './cookies';
import { errorObject, OpenXchangeError, worded } from './errors';
import { openXchangeSettings, type OpenXchangeOptions, type OpenXchangeSettings } from './options';
import { parameter } from './parameters';
import { idsToDelete } from './request-body';
import { grouped, sessionObject } from './sessions';
import { keptWith } from './sign-in';

/** The part of a manager's `settings` that the wire of Open-Xchange needs. */
export interface OpenXchangeBasis {
  readonly cookies: { readonly ttl: number; readonly secure: boolean };
  readonly lifetimes: { readonly autologin: boolean };
  readonly nodeId: string | null;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

/** The wire of Open-Xchange: what every wire says, and what only this one does. */
export interface OpenXchangeDialect extends Dialect {
  /** The options in force. */
  readonly settings: OpenXchangeSettings;
  /**
   * The same wire for what a page fetches without a `session` parameter, such as images: there the public-session cookie
   * says which session it is, and the secret cookie proves it. For reading only, because browsers send cookies by themselves.
   */
  readonly forImages: Dialect;
  /** The hash in the names of a client's cookies. The client names itself in the request when none is given. */
  hashOf(request: Request, client?: string, userAgent?: string): string;
  /** What a client is told of the session that it has been let into, with what is to be said beside it. */
  welcome(session: IdentitySession, extras?: Readonly<Record<string, unknown>>): Answer;
  /** The hash under which the client that sends the request keeps the cookies of the session. */
  hashIn(request: Request, session: IdentitySession): string;
  /** A cookie of the session for who sends the request, with its time from now on. */
  cookie(purpose: CookiePurpose, request: Request, session: IdentitySession, value: string): string;
  /** All of them, under that hash or the one of the client that sends the request; the session cookie for who has stored it. */
  cookies(request: Request, session: IdentitySession, secret: string, hash?: string): string[];
  /** The public-session cookie, with its time from now on; none when it is switched off. */
  publicCookies(request: Request, session: IdentitySession): string[];
  /** The value that the request gives for a cookie of the session. */
  valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined;
  /** Whether the request carries a cookie for load balancers. */
  hasStickyCookie(request: Request): boolean;
  /** The cookie for load balancers: the one that came with the request, or a new one; none when it is switched off. */
  stickyCookies(request: Request): string[];
  /** Has the browser forget the cookies of that hash and of that session, as far as they came with the request. */
  forgotten(request: Request, hash: string, sessionId?: string): string[];
  /** An error that only this wire knows. */
  error(error: OpenXchangeError): Answer;
}

/**
 * The wire of Open-Xchange, for its own clients: a `session` parameter and a secret cookie with every request, JSON under
 * status 200, errors as objects. It belongs under the manager's settings: `openXchange(manager.settings, { ... })`.
 *
 * A `GET` may write here, from any site, because its clients write so; what stops other sites is that they do not know
 * the id of the session.
 * @throws TypeError that lists everything that is wrong with the options
 */
export function openXchange(basis: OpenXchangeBasis, options: OpenXchangeOptions = {}): OpenXchangeDialect {
  const settings = openXchangeSettings(options, basis);
  const { cookieHash, cookieHashFields, cookieTtl, defaultClient, describeDevice } = settings;
  const { catalogue, clock, lifetimes, nodeId } = basis;
  const attributes = { httpOnly: settings.httpOnly, secure: basis.cookies.secure };
  const hasher = cookieHasher(settings.cookieHashSalt);
  const errorId = errorIds();

  function hashOf(
    request: Request,
    client = parameter(request, 'client') || defaultClient,
    userAgent = request.headers['user-agent'] ?? '',
  ): string {
    return hasher({ userAgent, client, values: headerValues(request, cookieHashFields) });
  }

  /** The hash of the sign-in; where nothing was kept, what it must have been. */
  function rememberedHash(session: IdentitySession): string {
    const { userAgent, clientId } = session;
    return (
      keptWith(session).hash ??
      hasher({ userAgent: userAgent ?? '', client: clientId ?? defaultClient, values: [] })
    );
  }

  function hashIn(request: Request, session: IdentitySession): string {
    if (cookieHash === 'remember') return rememberedHash(session);
    const calculated = hashOf(request, session.clientId ?? defaultClient);
    if (!changesItsAgent(request, session)) return calculated;
    const { cookie } = request.headers;
    return cookieValue(cookie, cookieName('secret', calculated)) ? calculated : rememberedHash(session);
  }

  /** The public-session cookie is a user's, whatever the client: of two sessions of a user the newer one has it. */
  function publicHash(request: Request, session: IdentitySession): string {
    const { contextNumber, userNumber } = keptWith(session);
    const context = String(contextNumber ?? session.tenantId ?? '');
    const values = [
      context,
      String(userNumber ?? session.userId),
      ...headerValues(request, cookieHashFields),
    ];
    return hasher({ userAgent: session.userAgent ?? '', client: null, values });
  }

  function hashFor(purpose: CookiePurpose, request: Request, session: IdentitySession): string {
    return purpose === 'public-session' ? publicHash(request, session) : hashIn(request, session);
  }

  function valueOf(purpose: CookiePurpose, request: Request, session: IdentitySession): string | undefined {
    return cookieValue(request.headers.cookie, cookieName(purpose, hashFor(purpose, request, session)));
  }

  function cookie(purpose: CookiePurpose, request: Request, session: IdentitySession, value: string): string {
    return lineOf(purpose, hashFor(purpose, request, session), session, value);
  }

  /** Its value is the session's id: a handle, which proves as little as the second one that Open-Xchange has for it. */
  function publicCookies(request: Request, session: IdentitySession): string[] {
    return settings.publicSession ? [cookie('public-session', request, session, session.sessionId)] : [];
  }

  function lineOf(purpose: CookiePurpose, hash: string, session: IdentitySession, value: string): string {
    const lasts = lifetimes.autologin && session.staySignedIn && cookieTtl !== undefined;
    const expires = lasts ? clock.now() + cookieTtl : undefined;
    return cookieLine(cookieName(purpose, hash), value, expires, attributes);
  }

  function stickyCookies(request: Request): string[] {
    if (!settings.stickyCookie) return [];
    const value = stickyValue(request.headers) ?? `${mintSecret('hex')}.${nodeId}`;
    const expires = cookieTtl === undefined ? undefined : clock.now() + cookieTtl;
    return [cookieLine(STICKY_COOKIE, value, expires, attributes)];
  }

  function forgotten({ headers }: Request, hash: string, sessionId?: string): string[] {
    const names = [cookieName('secret', hash), cookieName('session', hash)];
    const came = names.filter((name) => cookieValue(headers.cookie, name) !== undefined);
    const id = sessionId ?? cookieValue(headers.cookie, cookieName('session', hash));
    for (const [name, value] of cookiesFor('public-session', headers.cookie)) {
      if (value === id) came.push(name);
    }
    // Not `invalid`, as later versions have it: a value of the usual form.
    const lines = came.map((name) => cookieLine(name, mintSecret('hex'), LONG_AGO, attributes));
    const sticky = stickyValue(headers);
    if (settings.stickyCookie && sticky !== undefined) {
      lines.push(cookieLine(STICKY_COOKIE, sticky, LONG_AGO, attributes));
    }
    return lines;
  }

  function credentials(request: Request): ShownCredentials | undefined {
    const sessionId = parameter(request, 'session');
    if (!sessionId) return undefined;
    if (!isSessionId(sessionId)) throw plainRefusal('credentials-invalid');
    const secret = (session: IdentitySession) => valueOf('secret', request, session);
    return { sessionId, secret, transport: 'cookie' };
  }

  /** @throws SessionError `credentials-ambiguous` when sessions of several users are named */
  function publicCredentials(request: Request): ShownCredentials | undefined {
    if (parameter(request, 'session') || !READING.has(request.method)) return credentials(request);
    const named = new Set(cookiesFor('public-session', request.headers.cookie).map(([, value]) => value));
    const [sessionId] = named;
    if (named.size > 1) {
      throw new SessionError('credentials-ambiguous', 'The request names more than one session.');
    }
    if (!isSessionId(sessionId)) return undefined;
    const secret = (session: IdentitySession) => valueOf('secret', request, session);
    return { sessionId, secret, transport: 'cookie' };
  }

  function remembered(request: Request): ShownCredentials | undefined {
    const hash = hashOf(request);
    const [sessionId, secret] = (['session', 'secret'] as const).map((purpose) =>
      cookieValue(request.headers.cookie, cookieName(purpose, hash)),
    );
    if (!isSessionId(sessionId) || !secret) return undefined;
    return { sessionId, secret, transport: 'cookie' };
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

  function welcome(session: IdentitySession, extras: Readonly<Record<string, unknown>> = {}): Answer {
    const kept = keptWith(session);
    return answer({
      session: session.sessionId,
      ...extras,
      user: kept.user,
      user_id: kept.userNumber,
      context_id: kept.contextNumber,
      locale: kept.locale,
    });
  }

  function device({ session }: DescribedSession) {
    return describeDevice(session.userAgent, session.clientId);
  }

  function refusal(error: SessionError, request: Request): Answer {
    const sessionId = parameter(request, 'session');
    const refused = worded(error, {
      sessionId: isSessionId(sessionId) ? sessionId : '<invalid_sessionid>',
      action: parameter(request, 'action') ?? '',
      client: parameter(request, 'client') || defaultClient,
      user: parameter(request, 'name') ?? '',
      context: '',
    });
    const { headers, ...rest } = answer(errorObject(refused.error, errorId()));
    const { status } = refused;
    if (error.retryAfter === undefined) return { ...rest, status, headers };
    return { ...rest, status, headers: { ...headers, 'Retry-After': String(error.retryAfter) } };
  }

  const wire: Dialect = {
    secretForm: 'hex',
    sameOrigin: false,
    sameAddress: true,
    credentials,
    remembered,
    revocation,
    opened: ({ described: { session }, secret }, request) => ({
      ...welcome(session),
      cookies: cookies(request, session, secret),
    }),
    token() {
      throw new TypeError('the wire of Open-Xchange has no tokens: sign in with `transport: "cookie"`');
    },
    session: (current, request) =>
      answer({ data: sessionObject(current, device(current), wording(request, current.session)) }),
    sessions: (all, current, request) =>
      answer({
        data: grouped(all, (each) => device(each).type).map((each) =>
          sessionObject(each, device(each), wording(request, current)),
        ),
      }),
    revoked(forget, request, session) {
      const hash = session === undefined ? hashOf(request) : hashIn(request, session);
      return answer({}, forget ? forgotten(request, hash, session?.sessionId) : []);
    },
    refusal,
  };

  return {
    ...wire,
    forImages: { ...wire, credentials: publicCredentials },
    settings,
    hashOf,
    welcome,
    hashIn,
    cookies,
    cookie,
    publicCookies,
    valueOf,
    hasStickyCookie: (request) => stickyValue(request.headers) !== undefined,
    stickyCookies,
    forgotten,
    error: (error) => answer(errorObject(error, errorId())),
  };

  /** In the language that the app knows the user by, or else in those of the request. */
  function wording({ headers }: Request, session: IdentitySession) {
    const language = keptWith(session).locale?.replaceAll('_', '-');
    return wordingFor(language ?? headers['accept-language'], catalogue);
  }
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** What a balancer's cookie may look like: a client's own is given back to it. */
const STICKY = /^[\w-]{1,64}\.[\w.-]{1,64}$/;

function revocation({ body }: Request, current: IdentitySession): Revocation {
  try {
    return sessionsOf(current, idsToDelete(body));
  } catch (error) {
    if (!(error instanceof OpenXchangeError)) throw error;
    throw new SessionError('invalid-request', error.message);
  }
}

function stickyValue({ cookie }: Request['headers']): string | undefined {
  const value = cookieValue(cookie, STICKY_COOKIE);
  return value !== undefined && STICKY.test(value) ? value : undefined;
}

/** Clients whose user agent differs from request to request, so that the hash of the sign-in is good too. */
function changesItsAgent(request: Request, { clientId }: IdentitySession): boolean {
  return clientId === 'open-xchange-mailapp' || CHANGING_AGENT.test(request.headers['user-agent'] ?? '');
}

const CHANGING_AGENT = /^(AppleCoreMedia|stagefright)\/|Trident\/7\.0; rv:11\.0/;

function headerValues({ headers }: Request, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const value = headers[name];
    return value === undefined || value === '' ? [] : [String(value)];
  });
}

/** A number for the node, which is another after each start, and a counter. */
function errorIds(): () => string {
  const node = parseInt(mintSecret('hex').slice(0, 8), 16) | 0;
  let count = 0;
  return () => `${node}-${++count}`;
}
