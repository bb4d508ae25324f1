import type { Request } from 'express';

import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { flagParameter, parameter, requiredParameter } from './parameters';
import { keeping } from './sign-in';
import { SessionError } from '../../errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { mintSecret } from '../../session/credentials';
import type { IdentitySession } from '../../session/session';
import type { Act } from './actions';

/** Who signs in, as the app knows the user. */
export interface OpenXchangeAccount {
  readonly userId: string;
  readonly tenantId?: string | null | undefined;
  /** The number that clients are told as `user_id`; they are told none when it is absent. */
  readonly userNumber?: number | undefined;
  /** The same of the context, as `context_id`. */
  readonly contextNumber?: number | undefined;
  /** The language and country in which the user is shown names, such as `de_DE`; `Accept-Language` decides when it is absent. */
  readonly locale?: string | undefined;
}

/**
 * The app's own look at name and password. `undefined` for whoever is not let in, whatever the reason: clients are told
 * the same of a wrong password and of an unknown name. What it throws goes to the app's error handler.
 */
export type Authenticate = (
  name: string,
  password: string,
  request: Request,
) => OpenXchangeAccount | undefined | Promise<OpenXchangeAccount | undefined>;

/** What the answers to a login, an autologin and a redeem hold beside the session. */
export type Extras = (
  request: Request,
  session: IdentitySession,
  secret: string,
) => Promise<Readonly<Record<string, unknown>>>;

/** Who has just failed, so that it counts against the address: the status is 200 all the same. */
export type Failures = WeakSet<Request>;

interface LoginOptions {
  readonly authenticate: Authenticate;
  readonly extras: Extras;
  readonly failures: Failures;
}

/** Opens a session for whoever the app lets in. */
export function login(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { authenticate, extras, failures }: LoginOptions,
): Act {
  return async function login(request) {
    const user = requiredParameter(request, 'name').trim();
    const password = requiredParameter(request, 'password');
    const client = parameter(request, 'client') || dialect.settings.defaultClient;
    const userAgent = parameter(request, 'clientUserAgent') ?? request.headers['user-agent'] ?? '';
    if (client === userAgent) throw new OpenXchangeError('LGI-0021');

    const account = await authenticate(user, password, request);
    if (account === undefined) {
      failures.add(request);
      throw new OpenXchangeError('LGI-0006');
    }
    const { userNumber, contextNumber, locale } = account;
    const hash = dialect.hashOf(request, client, userAgent);
    try {
      const { session, secret } = await manager.open({
        userId: account.userId,
        tenantId: account.tenantId,
        clientId: client,
        userAgent,
        ipAddress: parameter(request, 'clientIP') ?? request.ip,
        authId: parameter(request, 'authId') || mintSecret('hex'),
        staySignedIn: flagParameter(request, 'staySignedIn') ?? true,
        protocolData: keeping({ hash, user, userNumber, contextNumber, locale }),
        secretForm: dialect.secretForm,
        replaces: dialect.remembered(request),
      });
      const answer = dialect.welcome(session, await extras(request, session, secret));
      const cookies = dialect.cookies(request, session, secret, hash);
      return { ...answer, cookies: [...cookies, ...newSticky(request, dialect)] };
    } catch (error) {
      throw refusedFor(account, client, error);
    }
  };
}

/** The balancer's cookie for who has none yet. */
function newSticky(request: Request, dialect: OpenXchangeDialect): string[] {
  return dialect.hasStickyCookie(request) ? [] : dialect.stickyCookies(request);
}

/** A limit of the user's is told with the numbers of who has reached it. */
function refusedFor(account: OpenXchangeAccount, client: string, error: unknown): unknown {
  if (!(error instanceof SessionError) || error.code !== 'session-limit-reached') return error;
  if (error.per === 'node') return error;
  const user = String(account.userNumber ?? account.userId);
  const context = String(account.contextNumber ?? account.tenantId ?? '');
  return error.per === 'client'
    ? new OpenXchangeError('SES-0207', [client, user, context])
    : new OpenXchangeError('SES-0007', [user, context]);
}
