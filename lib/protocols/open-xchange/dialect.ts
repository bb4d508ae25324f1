import type { Request } from 'express';

import { SessionError } from '../../errors';
import type { Answer, Dialect } from '../../http/dialect';
import { isSessionId, mintSecret } from '../../session/credentials';
import { sessionsOf, type Revocation } from '../../session/revocation';
import type { IdentitySession } from '../../session/session';
import { MOST_TAKEN } from '../../store/store';
import { answersOf, type Answers } from './answers';
import { inCallbackPage } from './callback-page';
import { clientCookies, type ClientCookies } from './client-cookies';
import { clientHash, type ClientHash } from './client-hash';
import { errorObject, OpenXchangeError, errorOfRefusal } from './errors';
import { GENERATIONS, type GenerationTraits } from './generation';
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
export interface OpenXchangeDialect
  extends Dialect, Answers, ClientCookies, Pick<ClientHash, 'hashOf' | 'hashIn'> {
  /** The options in force. */
  readonly settings: OpenXchangeSettings;
  /** The differences of the option `generation`. */
  readonly traits: GenerationTraits;
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
  const traits = GENERATIONS[settings.generation];
  const answers = answersOf(traits);
  const { answer } = answers;
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
    ...sessionAnswers(answers, settings, basis),

    opened: ({ described: { session }, secret }, request) => ({
      ...answer(loginBody(session)),
      cookies: cookies.newCookies(request, session, secret),
    }),

    token() {
      throw new TypeError('the Open-Xchange protocol has no tokens: sign in with `transport: "cookie"`');
    },

    revoked(clearCookies, request, session) {
      const clientsHash = session === undefined ? hash.hashOf(request) : hash.hashIn(request, session);
      return answer({}, clearCookies ? cookies.cleared(request, clientsHash, session?.sessionId) : []);
    },

    refusal(error, request) {
      const { body, status } = refusalBody(error, request, { settings, traits, errorId: nextErrorId() });
      const { headers, ...rest } = inCallbackPage(request, answer(body));
      if (error.retryAfter === undefined) return { ...rest, status, headers };
      return { ...rest, status, headers: { ...headers, 'Retry-After': String(error.retryAfter) } };
    },
  };

  return {
    ...dialect,
    ...answers,
    ...cookies,
    hashOf: hash.hashOf,
    hashIn: hash.hashIn,
    // Cookies alone prove these requests.
    forImages: { ...dialect, sameOrigin: true, readOnly: true, credentials: readers.fromPublicCookie },
    settings,
    traits,
    loginAnswer: (session, extras) => answer(loginBody(session, extras)),
    errorAnswer: (error) => answer(errorObject(error, nextErrorId())),
  };
}

/** The fields of the protocol replace extra fields of the same name. */
function loginBody(session: IdentitySession, extras: Readonly<Record<string, unknown>> = {}): object {
  const { user, userNumber, contextNumber, locale } = storedSignIn(session);
  const id = { session: session.sessionId };
  return { ...id, ...extras, ...id, user, user_id: userNumber, context_id: contextNumber, locale };
}

function revocation({ body }: Request, current: IdentitySession): Revocation {
  try {
    return sessionsOf(current, idsToDelete(body));
  } catch (error) {
    if (!(error instanceof OpenXchangeError)) throw error;
    throw new SessionError('invalid-request', error.message);
  }
}

interface RefusalBasis {
  readonly settings: OpenXchangeSettings;
  readonly traits: GenerationTraits;
  readonly errorId: string;
}

function refusalBody(
  refusal: SessionError,
  request: Request,
  { settings: { defaultClient }, traits, errorId }: RefusalBasis,
): { body: object; status: number } {
  const sessionId = parameter(request, 'session');
  const { error, status } = errorOfRefusal(refusal, {
    sessionId: isSessionId(sessionId) ? sessionId : '<invalid_sessionid>',
    action: parameter(request, 'action') ?? '',
    client: parameter(request, 'client') || defaultClient,
    user: parameter(request, 'name') ?? parameter(request, 'login') ?? '',
    context: '',
    ipChanged: traits.ipChanged,
  });
  return { body: errorObject(error, errorId), status };
}

/** Creates a function that returns error ids. An id has a number of the node, which changes at each start, and a counter. */
function errorIds(): () => string {
  const node = parseInt(mintSecret('hex').slice(0, 8), 16) | 0;
  let count = 0;
  return () => `${node}-${++count}`;
}
