import type { Request, Response } from 'express';

import { SessionError } from '../../errors';
import { attemptOf } from '../../http/attempt';
import { clientAddress } from '../../http/client-address';
import type { Answer } from '../../http/dialect';
import { checkAgreement } from '../../http/guarded-session';
import { openSession } from '../../http/open-session';
import type { IdentitySessionManager } from '../../manager/manager';
import { mintSecret } from '../../session/credentials';
import { clientHintsOf } from '../../session/device/client-hints';
import type { Assurance } from '../../session/assurance';
import type { IdentitySession } from '../../session/session';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { isFailedAttempt, OpenXchangeError } from './errors';
import { flagParameter, parameter, requiredParameter } from './parameters';
import { protocolDataOf } from './stored-sign-in';

/** The account of the user who logs in, as the app knows it. */
export interface OpenXchangeAccount {
  readonly userId: string;
  /**
   * The user's tenant. Default: `contextNumber` as text, so that users of two contexts are different users. Pass `null` if all
   * contexts share their users, for example because there is only one.
   */
  readonly tenantId?: string | null | undefined;
  /** The number that answers contain as `user_id`. If it is missing, answers omit `user_id`. */
  readonly userNumber?: number | undefined;
  /** The number that answers contain as `context_id`. If it is missing, answers omit `context_id`. */
  readonly contextNumber?: number | undefined;
  /** The language and country for names of devices and locations, such as `de_DE`. Default: the request's `Accept-Language`. */
  readonly locale?: string | undefined;
}

/**
 * The app's function that checks name and password. It returns `null` or `undefined` if one of them is wrong; clients receive
 * the same error for both, and the attempt counts as failed. To refuse a login for another reason, it throws an
 * `OpenXchangeError`. Other errors that it throws are passed to the app's error handler.
 */
export type Authenticate = (
  name: string,
  password: string,
  request: Request,
) => OpenXchangeAccount | null | undefined | Promise<OpenXchangeAccount | null | undefined>;

/** Returns the further fields in the answers that are like that of a login. */
export type ExtraFields = (
  request: Request,
  session: IdentitySession,
  secret: string,
) => Promise<Readonly<Record<string, unknown>>>;

interface LoginOptions {
  readonly authenticate: Authenticate;
  readonly extras: ExtraFields;
}

/** Creates the action `login`: opens a session if `authenticate` accepts name and password. */
export function login(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { authenticate, extras }: LoginOptions,
): Action {
  return async function login(request, response) {
    const identified = await checkPassword(manager, request, dialect, {
      authenticate,
      nameParameter: 'name',
    });
    return openFor(manager, dialect, identified, { request, response }, async (session, secret) =>
      dialect.loginAnswer(session, await extras(request, session, secret)),
    );
  };
}

/** A user who signs in, after the credentials were checked. */
export interface Identified {
  readonly account: OpenXchangeAccount;
  /** The user's name as it was entered. */
  readonly user: string;
  /** By default, the values below are those of the request. */
  readonly authId?: string | undefined;
  /** The assurance of an earlier sign-in of the user, if this one follows from it. */
  readonly assurance?: Assurance | undefined;
  readonly staySignedIn?: boolean | undefined;
  /** See `SignIn`. */
  readonly credentialsCheckedAt?: Date;
  readonly sessionId?: string;
}

/**
 * Asks the app if it accepts the name and the password of the request, and notes a failed attempt in the trail. All actions with
 * a password use it.
 * @throws OpenXchangeError LGI-0006 if the app does not accept them, SVL-0002 if one of them is missing, and the app's own
 */
export async function checkPassword(
  manager: IdentitySessionManager,
  request: Request,
  dialect: OpenXchangeDialect,
  { authenticate, nameParameter }: { readonly authenticate: Authenticate; readonly nameParameter: string },
): Promise<Identified> {
  const user = requiredParameter(request, nameParameter).trim();
  const password = requiredParameter(request, 'password');
  clientOf(request, dialect);
  try {
    const account = await authenticate(user, password, request);
    // Some apps return `false`, which the type does not allow. Without this check, such attempts would not be limited.
    if (account) return { account, user };
  } catch (error) {
    if (error instanceof OpenXchangeError && !isFailedAttempt(error.code)) {
      attemptOf(request)?.decide('undecided');
    }
    if (error instanceof OpenXchangeError && isFailedAttempt(error.code))
      await noteFailed(manager, request, user);
    throw error;
  }
  await noteFailed(manager, request, user);
  throw new OpenXchangeError('LGI-0006');
}

/** The app does not say whose account the name is, so the attempt has no owner. */
function noteFailed(manager: IdentitySessionManager, request: Request, name: string): Promise<void> {
  const userAgent = request.headers['user-agent'];
  return manager.signInFailed({ name, ipAddress: signInAddress(request), userAgent });
}

/**
 * Opens a session for the user, and adds its cookies to the answer that `answerTo` builds. All actions that open sessions use
 * it.
 */
export async function openFor(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  identified: Identified,
  { request, response }: { readonly request: Request; readonly response: Response },
  answerTo: (session: IdentitySession, secret: string) => Promise<Answer>,
): Promise<Answer> {
  const { client, userAgent, isItself } = clientOf(request, dialect);
  const { account, user, sessionId, credentialsCheckedAt, assurance } = identified;
  const { userNumber, contextNumber, locale } = account;
  const hash = dialect.hashOf(request, client, userAgent);
  const chosen = identified.staySignedIn ?? flagParameter(request, 'staySignedIn');
  try {
    const replaces = dialect.remembered(request);
    checkAgreement(request, replaces);
    const signIn = {
      userId: account.userId,
      tenantId: tenantOf(account),
      clientId: client,
      userAgent,
      // The headers of a request on behalf of another client do not describe that client.
      clientHints: isItself ? clientHintsOf(request) : null,
      ipAddress: signInAddress(request),
      authId: identified.authId ?? authIdOf(request),
      staySignedIn: chosen ?? dialect.traits.staysSignedIn,
      protocolData: protocolDataOf({ hash, user, userNumber, contextNumber, locale }),
      secretForm: dialect.secretForm,
      replaces: replaces ?? request.identitySession,
      sessionId,
      credentialsCheckedAt,
      ...(assurance && givenAgain(assurance)),
    };
    return await openSession(manager, signIn, response, async ({ session, secret }) => {
      const answer = await answerTo(session, secret);
      const cookies = dialect.newCookies(request, session, secret, { hash, stores: chosen !== undefined });
      return { ...answer, cookies: [...cookies, ...newSticky(request, dialect)] };
    });
  } catch (error) {
    throw withAccount(account, client, error);
  }
}

function givenAgain({ authenticatedAt: at, acr, amr }: Assurance) {
  return { authenticatedAt: at === null ? null : new Date(at), acr, amr };
}

/**
 * Returns the client program that signs in.
 * @throws OpenXchangeError LGI-0021 if its id is its user agent
 */
export function clientOf(
  request: Request,
  { settings: { defaultClient } }: OpenXchangeDialect,
): { readonly client: string; readonly userAgent: string; readonly isItself: boolean } {
  const client = parameter(request, 'client') || defaultClient;
  const given = parameter(request, 'clientUserAgent');
  const userAgent = given ?? request.headers['user-agent'] ?? '';
  if (client === userAgent) throw new OpenXchangeError('LGI-0021');
  return { client, userAgent, isItself: given === undefined };
}

/** Returns the address of the client that signs in. */
export function signInAddress(request: Request): string | undefined {
  return parameter(request, 'clientIP') ?? clientAddress(request);
}

/** Returns the request's id for logs, or a new one. */
export function authIdOf(request: Request): string {
  return parameter(request, 'authId') || mintSecret('hex');
}

/** Returns the tenant. User ids of Open-Xchange are unique only within a context, so that the context is the default tenant. */
function tenantOf({ tenantId, contextNumber }: OpenXchangeAccount): string | null | undefined {
  return tenantId === undefined && contextNumber !== undefined ? String(contextNumber) : tenantId;
}

/** Builds the load balancer's cookie if the client does not have one yet. */
function newSticky(request: Request, dialect: OpenXchangeDialect): string[] {
  return dialect.hasStickyCookie(request) ? [] : dialect.stickyCookies(request);
}

/** Adds user and context to the error of a user's session limit. Returns other errors unchanged. */
function withAccount(account: OpenXchangeAccount, client: string, error: unknown): unknown {
  if (!(error instanceof SessionError) || error.code !== 'session-limit-reached') return error;
  if (error.per === 'node') return error;
  const user = String(account.userNumber ?? account.userId);
  const context = String(account.contextNumber ?? account.tenantId ?? '');
  return error.per === 'client'
    ? new OpenXchangeError('SES-0207', [client, user, context])
    : new OpenXchangeError('SES-0007', [user, context]);
}
