import type { Request } from 'express';

import { plainRefusal, SessionError } from '../../errors';
import { messagesFor } from '../../session/i18n/translations';
import { isSessionId, mintSecret } from '../../session/credentials';
import { sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import type { Answer, Dialect, RequestCredentials } from '../../http/dialect';
import type { DescribedSession } from '../../session/described';
import { answer } from './answers';
import { clientCookies, type ClientCookies } from './client-cookies';
import { clientHash, type ClientHash } from './client-hash';
import { cookieName, cookiesFor, cookieValue } from './cookies';
import { errorObject, OpenXchangeError, worded } from './errors';
import {
  openXchangeSettings,
  type OpenXchangeBasis,
  type OpenXchangeOptions,
  type OpenXchangeSettings,
} from './options';
import { parameter } from './parameters';
import { idsToDelete } from './request-body';
import { grouped, sessionObject } from './sessions';
import { keptWith } from './sign-in';

/** The wire of Open-Xchange: what every wire says, and what only this one does. */
export interface OpenXchangeDialect extends Dialect, ClientCookies, Pick<ClientHash, 'hashOf' | 'hashIn'> {
  /** The options in force. */
  readonly settings: OpenXchangeSettings;
  /**
   * The same wire for what a page fetches without a `session` parameter, such as images: there the public-session cookie
   * says which session it is, and the secret cookie proves it. For reading only, because browsers send cookies by themselves.
   */
  readonly forImages: Dialect;
  /** What a client is told of the session that it has been let into, with what is to be said beside it. */
  welcome(session: IdentitySession, extras?: Readonly<Record<string, unknown>>): Answer;
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
  const { defaultClient, describeDevice } = settings;
  const hash = clientHash(settings);
  const cookies = clientCookies(settings, basis, hash);
  const errorId = errorIds();

  function credentials(request: Request): RequestCredentials | undefined {
    const sessionId = parameter(request, 'session');
    if (!sessionId) return undefined;
    if (!isSessionId(sessionId)) throw plainRefusal('credentials-invalid');
    return withSecretCookie(sessionId, request);
  }

  /** @throws SessionError `credentials-ambiguous` when sessions of several users are named */
  function publicCredentials(request: Request): RequestCredentials | undefined {
    if (parameter(request, 'session') || !READING.has(request.method)) return credentials(request);
    const named = new Set(cookiesFor('public-session', request.headers.cookie).map(([, value]) => value));
    const [sessionId] = named;
    if (named.size > 1) {
      throw new SessionError('credentials-ambiguous', 'The request names more than one session.');
    }
    return isSessionId(sessionId) ? withSecretCookie(sessionId, request) : undefined;
  }

  /** The name of the secret's cookie is known only when the session is. */
  function withSecretCookie(sessionId: string, request: Request): RequestCredentials {
    const secret = (session: IdentitySession) => cookies.valueOf('secret', request, session);
    return { sessionId, secret, transport: 'cookie' };
  }

  function remembered(request: Request): RequestCredentials | undefined {
    const own = hash.hashOf(request);
    const [sessionId, secret] = (['session', 'secret'] as const).map((purpose) =>
      cookieValue(request.headers.cookie, cookieName(purpose, own)),
    );
    if (!isSessionId(sessionId) || !secret) return undefined;
    return { sessionId, secret, transport: 'cookie' };
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
      cookies: cookies.cookies(request, session, secret),
    }),
    token() {
      throw new TypeError('the wire of Open-Xchange has no tokens: sign in with `transport: "cookie"`');
    },
    session: (current, request) =>
      answer({ data: sessionObject(current, device(current), messages(request, current.session)) }),
    sessions: (all, current, request) =>
      answer({
        data: grouped(all, (each) => device(each).type).map((each) =>
          sessionObject(each, device(each), messages(request, current)),
        ),
      }),
    revoked(forget, request, session) {
      const own = session === undefined ? hash.hashOf(request) : hash.hashIn(request, session);
      return answer({}, forget ? cookies.forgotten(request, own, session?.sessionId) : []);
    },
    refusal,
  };

  return {
    ...wire,
    ...cookies,
    hashOf: hash.hashOf,
    hashIn: hash.hashIn,
    forImages: { ...wire, credentials: publicCredentials },
    settings,
    welcome,
    error: (error) => answer(errorObject(error, errorId())),
  };

  /** In the language that the app knows the user by, or else in those of the request. */
  function messages({ headers }: Request, session: IdentitySession) {
    const language = keptWith(session).locale?.replaceAll('_', '-');
    return messagesFor(language ?? headers['accept-language'], basis.translations);
  }
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

function revocation({ body }: Request, current: IdentitySession): Revocation {
  try {
    return sessionsOf(current, idsToDelete(body));
  } catch (error) {
    if (!(error instanceof OpenXchangeError)) throw error;
    throw new SessionError('invalid-request', error.message);
  }
}

/** A number for the node, which is another after each start, and a counter. */
function errorIds(): () => string {
  const node = parseInt(mintSecret('hex').slice(0, 8), 16) | 0;
  let count = 0;
  return () => `${node}-${++count}`;
}
