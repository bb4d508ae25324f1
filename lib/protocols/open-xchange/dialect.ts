import type { Request } from 'express';

import { SessionError } from '../../errors';
import type { Answer, Dialect } from '../../http/dialect';
import { isSessionId, mintSecret } from '../../session/credentials';
import { sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import { MOST_TAKEN } from '../../store/store';
import { answer } from './answers';
import { inCallbackPage } from './callback-page';
import { clientCookies, type ClientCookies } from './client-cookies';
import { clientHash, type ClientHash } from './client-hash';
import { errorObject, OpenXchangeError, errorOfRefusal } from './errors';
import {
  openXchangeSettings,
  type OpenXchangeBasis,
  type OpenXchangeOptions,
  type OpenXchangeSettings,
} from './options';
import { parseSessionForm } from './form-body';
import { parameter } from './parameters';
import { idsToDelete } from './request-body';
import { credentialReaders } from './request-credentials';
import { sessionAnswers } from './sessions';
import { storedSignIn } from './stored-sign-in';

/** The dialect of the Open-Xchange protocol, with the functions that only its router needs. */
export interface OpenXchangeDialect extends Dialect, ClientCookies, Pick<ClientHash, 'hashOf' | 'hashIn'> {
  /** The options in force. */
  readonly settings: OpenXchangeSettings;
  /**
   * A dialect for resources that a page loads without a `session` parameter, such as images. The public-session cookie names
   * the session, and the secret cookie proves it. It is for reading only, because browsers send cookies automatically.
   */
  readonly forImages: Dialect;
  /** Builds the answer to a login. `extras` contains further fields of its body. */
  loginAnswer(session: IdentitySession, extras?: Readonly<Record<string, unknown>>): Answer;
  /** Builds the answer for an error that only this protocol has. */
  errorAnswer(error: OpenXchangeError): Answer;
}

/**
 * Creates the dialect for the clients of Open-Xchange. Requests contain a `session` parameter and a secret cookie. Answers
 * are JSON with status 200, even for most errors. `basis` is `manager.settings`.
 *
 * The dialect does not check the origin of requests with a session, because its clients write with `GET` too. Other sites cannot
 * forge such a request, because they do not know the session id. The router checks the origin of its own actions.
 * @throws TypeError that lists every problem with the options
 */
export function openXchange(basis: OpenXchangeBasis, options: OpenXchangeOptions = {}): OpenXchangeDialect {
  const settings = openXchangeSettings(options, basis);
  const hash = clientHash(settings);
  const cookies = clientCookies(settings, basis, hash);
  const readers = credentialReaders(hash, cookies);
  const nextErrorId = errorIds();

  const dialect: Dialect = {
    secretForm: 'hex',
    sameOrigin: false,
    sameAddress: true,
    parseBody: parseSessionForm,
    credentials: readers.fromParameter,
    remembered: readers.fromStoredCookies,
    revocation,
    // The protocol has no pages.
    page: () => ({ limit: MOST_TAKEN }),
    ...sessionAnswers(settings, basis),

    opened: ({ described: { session }, secret }, request) => ({
      ...loginAnswer(session),
      cookies: cookies.cookies(request, session, secret),
    }),

    token() {
      throw new TypeError('the Open-Xchange protocol has no tokens: sign in with `transport: "cookie"`');
    },

    revoked(clearCookies, request, session) {
      const clientsHash = session === undefined ? hash.hashOf(request) : hash.hashIn(request, session);
      return answer({}, clearCookies ? cookies.cleared(request, clientsHash, session?.sessionId) : []);
    },

    refusal: (error, request) =>
      inCallbackPage(request, refusalAnswer(error, request, settings, nextErrorId())),
  };

  return {
    ...dialect,
    ...cookies,
    hashOf: hash.hashOf,
    hashIn: hash.hashIn,
    // Cookies alone prove these requests.
    forImages: { ...dialect, sameOrigin: true, readOnly: true, credentials: readers.fromPublicCookie },
    settings,
    loginAnswer,
    errorAnswer: (error) => answer(errorObject(error, nextErrorId())),
  };
}

function loginAnswer(session: IdentitySession, extras: Readonly<Record<string, unknown>> = {}): Answer {
  const { user, userNumber, contextNumber, locale } = storedSignIn(session);
  return answer({
    session: session.sessionId,
    ...extras,
    user,
    user_id: userNumber,
    context_id: contextNumber,
    locale,
  });
}

function revocation({ body }: Request, current: IdentitySession): Revocation {
  try {
    return sessionsOf(current, idsToDelete(body));
  } catch (error) {
    if (!(error instanceof OpenXchangeError)) throw error;
    throw new SessionError('invalid-request', error.message);
  }
}

function refusalAnswer(
  refusal: SessionError,
  request: Request,
  { defaultClient }: OpenXchangeSettings,
  errorId: string,
): Answer {
  const sessionId = parameter(request, 'session');
  const { error, status } = errorOfRefusal(refusal, {
    sessionId: isSessionId(sessionId) ? sessionId : '<invalid_sessionid>',
    action: parameter(request, 'action') ?? '',
    client: parameter(request, 'client') || defaultClient,
    user: parameter(request, 'name') ?? '',
    context: '',
  });
  const { headers, ...rest } = answer(errorObject(error, errorId));
  if (refusal.retryAfter === undefined) return { ...rest, status, headers };
  return { ...rest, status, headers: { ...headers, 'Retry-After': String(refusal.retryAfter) } };
}

/** Creates a function that returns error ids. An id has a number of the node, which changes at each start, and a counter. */
function errorIds(): () => string {
  const node = parseInt(mintSecret('hex').slice(0, 8), 16) | 0;
  let count = 0;
  return () => `${node}-${++count}`;
}
