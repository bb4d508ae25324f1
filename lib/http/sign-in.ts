import type { ErrorRequestHandler, Request, Response } from 'express';

import { clientAddress } from './client-address';
import type { Transport } from './dialect';
import { invalidRequest } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import type { IdentitySession } from '../session/session';
import { dialectOf, refuse, setHeaders, type VerbOptions, wellFormedCredentials } from './request';
import { checkWriteOrigin } from './same-origin';

/** The user who signs in, and options of the new session. The user agent and the address are taken from the request. */
export interface SignInFacts extends Omit<SignIn, 'userAgent' | 'ipAddress' | 'replaces' | 'secretForm'> {
  /** Use `bearer` for clients that keep no cookies. The result then contains the token. Default: `cookie`. */
  readonly transport?: Transport | undefined;
}

/** The result of a sign-in. */
export interface SignedIn {
  readonly session: IdentitySession;
  /** With `transport: 'bearer'`: the token that the client must send as `Authorization: Bearer …`. It is returned only once. */
  readonly token?: string;
}

/** The function that `createSignIn` returns. */
export type SignInFunction = (request: Request, response: Response, facts: SignInFacts) => Promise<SignedIn>;

/**
 * Creates the function that the app's own sign-in route calls after it authenticated the user. The function opens a
 * session, ends the previous session of the request, and sets the new cookie on the response. The app sends the response.
 *
 * Call it in an async route: `await signIn(request, response, { userId: String(user.id) })`.
 *
 * The function throws a `SessionError` with `cross-site`, `credentials-ambiguous`, `session-limit-reached`,
 * `auth-id-taken`, `session-id-taken`, `invalid-request` or `store-unavailable`. Mount `sessionErrors` to answer it. In
 * Express 4 an async route must pass the error to `next` itself. The function throws a `TypeError` if the app passes
 * values of a wrong type, such as a number as `userId`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function createSignIn(manager: IdentitySessionManager, options: VerbOptions = {}): SignInFunction {
  const dialect = dialectOf('createSignIn', manager, options);

  return async function signIn(request, response, { transport = 'cookie', ...facts }) {
    checkTransport(transport);
    const replaces = wellFormedCredentials(request, dialect);
    // A sign-in ends the session of the cookie, even with transport bearer. Another site must not be able to cause that.
    const cookies = transport === 'cookie' || replaces?.transport === 'cookie';
    if (dialect.sameOrigin && cookies) checkWriteOrigin(request, manager.settings);
    const { session, secret } = await manager.open({
      ...facts,
      secretForm: dialect.secretForm,
      userAgent: request.headers['user-agent'],
      ipAddress: clientAddress(request),
      replaces,
    });
    const described = manager.describe(session);
    const answer = dialect.opened({ described, secret, transport }, request);
    setHeaders(response, { ...answer, body: undefined });
    return transport === 'bearer'
      ? { session, token: dialect.token(session.sessionId, secret) }
      : { session };
  };
}

/** Throws a refusal and not a TypeError, because apps may pass on a value from the client. */
function checkTransport(transport: unknown): void {
  if (transport === 'cookie' || transport === 'bearer') return;
  throw invalidRequest('transport', '"transport" must be "cookie" or "bearer".');
}

/**
 * An error handler that answers every `SessionError`, such as those of `createSignIn`, and passes other errors on.
 *
 * Mount it after the routes: `app.use(sessionErrors(manager))`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function sessionErrors(
  manager: IdentitySessionManager,
  options: VerbOptions = {},
): ErrorRequestHandler {
  const dialect = dialectOf('sessionErrors', manager, options);
  // Express recognizes an error handler by its four parameters.
  return function sessionErrors(error, request, response, next) {
    refuse(error, dialect, request, response, next);
  };
}
