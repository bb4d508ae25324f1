import type { ErrorRequestHandler, Request, Response } from 'express';

import type { Transport } from './dialect';
import { invalidRequest } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import type { IdentitySession } from '../session/session';
import { dialectOf, refuse, setHeaders, type VerbOptions, wellFormedCredentials } from './request';
import { checkWriteOrigin } from './same-origin';

/** Who signs in; where from and with what stands in the request. */
export interface SignInFacts extends Omit<SignIn, 'userAgent' | 'ipAddress' | 'replaces' | 'secretForm'> {
  /** `bearer` for clients that keep no cookies: the answer then holds the token, once. `cookie` when absent. */
  readonly transport?: Transport | undefined;
}

/** What a sign-in comes to: the session, which the app may show to its client. */
export interface SignedIn {
  readonly session: IdentitySession;
  /** Only with `transport: 'bearer'`: what the client sends as `Authorization: Bearer …` from now on. */
  readonly token?: string;
}

/** Signs in whom the app has authenticated, as `createSignIn` says. */
export type SignInFunction = (request: Request, response: Response, facts: SignInFacts) => Promise<SignedIn>;

/**
 * The function that an app's own sign-in route calls, once it knows who the user is. It opens a new session, ends the one
 * whose credentials came in with the request, and puts the new cookie on the response, which the app then sends.
 *
 * The function throws a `SessionError`: `cross-site`, `session-limit-reached`, `invalid-request`, `store-unavailable`;
 * `sessionErrors` words it for the client. In Express 4 an `async` route must hand it to `next` itself.
 */
export function createSignIn(manager: IdentitySessionManager, options: VerbOptions = {}): SignInFunction {
  const dialect = dialectOf('createSignIn', manager, options);
  const { origins } = manager.settings;

  return async function signIn(request, response, { transport = 'cookie', ...facts }) {
    checkTransport(transport);
    const replaces = wellFormedCredentials(request, dialect);
    // A token given to another site's page would else end the session of the browser's cookie.
    const cookies = transport === 'cookie' || replaces?.transport === 'cookie';
    if (dialect.sameOrigin && cookies) checkWriteOrigin(request, origins);
    const { session, secret } = await manager.open({
      ...facts,
      secretForm: dialect.secretForm,
      userAgent: request.headers['user-agent'],
      ipAddress: request.ip,
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

/** Apps may pass on what a client asks for, so it is a refusal. Any third word would be a cookie that nobody checked. */
function checkTransport(transport: unknown): void {
  if (transport === 'cookie' || transport === 'bearer') return;
  throw invalidRequest('transport', '"transport" must be "cookie" or "bearer".');
}

/** An error handler that words the refusals of `createSignIn`, and passes every other error on. Mounted after the routes. */
export function sessionErrors(
  manager: IdentitySessionManager,
  options: VerbOptions = {},
): ErrorRequestHandler {
  const dialect = dialectOf('sessionErrors', manager, options);
  // Express tells an error handler by its four parameters.
  return function sessionErrors(error, request, response, next) {
    refuse(error, dialect, request, response, next);
  };
}
