import type { Request } from 'express';

import { SessionError } from '../../errors';
import { clientAddress } from '../../http/client-address';
import { checkAgreement } from '../../http/guarded-session';
import { openSession } from '../../http/open-session';
import type { IdentitySessionManager } from '../../manager/manager';
import { mintSecret } from '../../session/credentials';
import { clientHintsOf } from '../../session/device/client-hints';
import type { IdentitySession } from '../../session/session';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
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
 * The app's function that checks name and password. It returns `undefined` to refuse the login. Clients receive the same error
 * for a wrong password and for an unknown name. Errors that it throws are passed to the app's error handler.
 */
export type Authenticate = (
  name: string,
  password: string,
  request: Request,
) => OpenXchangeAccount | undefined | Promise<OpenXchangeAccount | undefined>;

/** Returns the further fields in the answers of login, autologin and redeem. */
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
    const user = requiredParameter(request, 'name').trim();
    const password = requiredParameter(request, 'password');
    const client = parameter(request, 'client') || dialect.settings.defaultClient;
    const givenUserAgent = parameter(request, 'clientUserAgent');
    const userAgent = givenUserAgent ?? request.headers['user-agent'] ?? '';
    if (client === userAgent) throw new OpenXchangeError('LGI-0021');

    const account = await authenticate(user, password, request);
    if (account === undefined) throw new OpenXchangeError('LGI-0006');
    const { userNumber, contextNumber, locale } = account;
    const hash = dialect.hashOf(request, client, userAgent);
    try {
      const replaces = dialect.remembered(request);
      checkAgreement(request, replaces);
      const signIn = {
        userId: account.userId,
        tenantId: tenantOf(account),
        clientId: client,
        userAgent,
        // The headers of a request on behalf of another client do not describe that client.
        clientHints: givenUserAgent === undefined ? clientHintsOf(request) : null,
        ipAddress: parameter(request, 'clientIP') ?? clientAddress(request),
        authId: parameter(request, 'authId') || mintSecret('hex'),
        staySignedIn: flagParameter(request, 'staySignedIn') ?? true,
        protocolData: protocolDataOf({ hash, user, userNumber, contextNumber, locale }),
        secretForm: dialect.secretForm,
        replaces: replaces ?? request.identitySession,
      };
      return await openSession(manager, signIn, response, async ({ session, secret }) => {
        const answer = dialect.loginAnswer(session, await extras(request, session, secret));
        const cookies = dialect.cookies(request, session, secret, hash);
        return { ...answer, cookies: [...cookies, ...newSticky(request, dialect)] };
      });
    } catch (error) {
      throw withAccount(account, client, error);
    }
  };
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
