import type { ErrorRequestHandler, Request, Response } from 'express';

import { attemptOf } from './attempt';
import { beforeHeaders, keepFromSharedCaches } from './before-headers';
import { returnPath } from './browser-pages';
import { clientAddress } from './client-address';
import { offerBinding } from './device-binding';
import { deviceTokenOf, keepDeviceToken } from './device-cookie';
import type { Dialect, Transport } from './dialect';
import { invalidRequest, SessionError } from '../errors';
import { askedLimit, limitChoiceOf, TICKET_LIFETIME } from '../manager/limit-choice';
import type { IdentitySessionManager } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import { clientHintsOf } from '../session/device/client-hints';
import { hashSecret, mintSecret } from '../session/credentials';
import type { FailedAttempt } from '../manager/trail';
import type { IdentitySession, Owner } from '../session/session';
import { checkAgreement } from './guarded-session';
import { attachTicket } from './limit-ticket';
import { openSession } from './open-session';
import { dialectOf, refuse, setHeaders, type VerbOptions, wellFormedCredentials } from './request';
import { checkSignInOrigin, sentByBrowser } from './same-origin';

/**
 * The user who signs in, and options of the new session. The user agent, the client hints and the address are taken from the
 * request.
 */
export interface SignInFacts extends Omit<
  SignIn,
  'userAgent' | 'clientHints' | 'ipAddress' | 'replaces' | 'ends' | 'deviceToken' | 'secretForm'
> {
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
export interface SignInFunction {
  (request: Request, response: Response, facts: SignInFacts): Promise<SignedIn>;
  /**
   * Tells the limiters that this attempt has not failed: the password was right, and a second factor or another step
   * follows. Limit the route of that step too.
   */
  pending(request: Request): void;
  /**
   * Writes a failed attempt to the trail. Call it when the password is wrong. `name` is the name as it was typed, of which only the
   * keyed hash is stored. `owner` is the user whom it names, if there is one: attempts with an owner appear in that user's
   * history. Await it, so that the process does not stop before. It rejects only if `owner` is not an owner.
   */
  failed(
    request: Request,
    attempt: { readonly name?: string | null | undefined; readonly owner?: Owner | undefined },
  ): Promise<void>;
}

/**
 * Creates the function that the app's own sign-in route calls after it authenticated the user. The function opens a
 * session, ends the previous session of the request, and sets the new cookie on the response. The app sends the response.
 *
 * Call it in an async route: `await signIn(request, response, { userId: String(user.id) })`.
 *
 * The function throws a `SessionError` with `cross-site`, `credentials-ambiguous`, `session-limit-reached`,
 * `auth-id-taken`, `session-id-taken`, `credential-changed`, `invalid-request` or `store-unavailable`. Mount
 * `sessionErrors` to answer it. In Express 4 an async route must pass the error to `next` itself. The function throws a
 * `TypeError` if the app passes values of a wrong type, such as a number as `userId`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function createSignIn(manager: IdentitySessionManager, options: VerbOptions = {}): SignInFunction {
  const dialect = dialectOf('createSignIn', manager, options);

  async function signIn(request: Request, response: Response, given: SignInFacts): Promise<SignedIn> {
    const { clock } = manager.settings;
    const begun = clock.monotonic();
    const facts = signInOf(request, dialect, { ...given, ends: undefined }, manager);
    try {
      return await openFor(request, response, facts, { manager, dialect });
    } catch (error) {
      const age = attemptOf(request)?.credentialsAge ?? clock.monotonic() - begun;
      throw await withTicket(error, facts, age, { manager, request });
    }
  }

  return Object.assign(signIn, {
    pending: (request: Request) => attemptOf(request)?.decide('undecided'),
    failed: (request: Request, { name, owner }: Pick<FailedAttempt, 'name' | 'owner'>) =>
      manager.signInFailed({
        name,
        owner,
        ipAddress: clientAddress(request),
        userAgent: request.headers['user-agent'],
      }),
  });
}

/** Returns the whole sign-in of a request. Checks that no other site started it. */
export function signInOf(
  request: Request,
  dialect: Dialect,
  { transport = 'cookie', ...given }: SignInFacts & Pick<SignIn, 'ends'>,
  { settings }: IdentitySessionManager,
): SignIn & { readonly transport: Transport } {
  checkTransport(transport);
  const credentials = wellFormedCredentials(request, dialect);
  checkAgreement(request, credentials);
  const replaces = credentials ?? request.identitySession;
  // A sign-in ends the previous session, even with transport bearer. Another site must not be able to cause that.
  const endsPrevious = replaces !== undefined && sentByBrowser(request, credentials?.transport);
  if (transport === 'cookie' || endsPrevious) checkSignInOrigin(request, settings);
  return {
    ...given,
    transport,
    secretForm: dialect.secretForm,
    userAgent: request.headers['user-agent'],
    clientHints: clientHintsOf(request),
    ipAddress: clientAddress(request),
    replaces,
    deviceToken: deviceTokenOf(request, transport, settings),
  };
}

/** Opens a session and sets its credentials on the response, without sending it. */
export function openFor(
  request: Request,
  response: Response,
  facts: ReturnType<typeof signInOf>,
  { manager, dialect }: { readonly manager: IdentitySessionManager; readonly dialect: Dialect },
): Promise<SignedIn> {
  const { transport, deviceToken } = facts;
  return openSession(manager, facts, response, async ({ session, secret }) => {
    // Also marked by the manager, unless a body parser of the app has lost the asynchronous context.
    attemptOf(request)?.decide('succeeded');
    const opened = { described: manager.describe(session), secret, transport };
    const token = transport === 'bearer' ? dialect.token(session.sessionId, secret) : undefined;
    setHeaders(response, { ...dialect.opened(opened, request), body: undefined });
    if (deviceToken !== undefined && transport === 'cookie') {
      keepDeviceToken(response, deviceToken, manager.settings);
    }
    await offerBinding(session, transport, response, { manager, dialect });
    beforeHeaders(response, () => keepFromSharedCaches(response, 'no-store'));
    return token === undefined ? { session } : { session, token };
  });
}

/**
 * Returns the error of a sign-in. If a limit asks the user for a choice, the error carries a ticket to continue with.
 * @param age The longest time since the credentials were checked, in milliseconds. The ticket keeps it, so that a change of
 * credentials in the meantime refuses the sign-in.
 */
async function withTicket(
  error: unknown,
  { replaces: _replaces, deviceToken: _token, ipAddress: _address, ...facts }: ReturnType<typeof signInOf>,
  age: number,
  { manager, request }: { readonly manager: IdentitySessionManager; readonly request: Request },
): Promise<unknown> {
  const per = error instanceof SessionError ? askedLimit(error) : undefined;
  if (per === undefined) return error;
  const now = manager.settings.clock.now();
  const { credentialsCheckedAt = new Date(Math.floor(now - age)), transport } = facts;
  const browser = transport === 'cookie' ? mintSecret() : undefined;
  const ticket = await limitChoiceOf(manager).createTicket({
    signIn: { ...facts, credentialsCheckedAt },
    per,
    browser: browser === undefined ? null : hashSecret(browser),
    returnTo: returnPath(request, '') || null,
  });
  const life = { expires: now + TICKET_LIFETIME, maxAge: TICKET_LIFETIME / 1000 };
  attachTicket(error as SessionError, { ticket, browser, ...life });
  return error;
}

/** Throws a refusal and not a TypeError, because apps may pass on a value from the client. */
function checkTransport(transport: unknown): void {
  if (transport === 'cookie' || transport === 'bearer') return;
  throw invalidRequest('transport', '"{name}" must be one of {values}.', { values: 'cookie, bearer' });
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
