import { attemptOf } from '../../http/attempt';
import { plainRefusal, SessionError } from '../../errors';
import { clientAddress } from '../../http/client-address';
import { lru } from '../../lru';
import { installationKeysOf } from '../../manager/installation-keys';
import type { IdentitySessionManager } from '../../manager/manager';
import { hashSecret, mintSessionId } from '../../session/credentials';
import { ipAddress } from '../../session/ip-address';
import { sealed, unsealed } from '../../session/sealed';
import type { Action } from './actions';
import { redirected } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import {
  authIdOf,
  checkPassword,
  clientOf,
  openFor,
  signInAddress,
  type Authenticate,
  type ExtraFields,
  type OpenXchangeAccount,
} from './login';
import { flagParameter, requiredParameter } from './parameters';
import { uiLocation, uiUser } from './ui-location';

const PURPOSE = 'open-xchange tokenLogin';

/** A sign-in between `tokenLogin` and `tokens`. The server token contains it in encrypted form, so that any node can go on. */
interface PendingSignIn {
  readonly account: OpenXchangeAccount;
  readonly user: string;
  readonly authId: string;
  readonly staySignedIn?: boolean | undefined;
  /** The hash of the client token. */
  readonly clientToken: string;
  /** The address of the client, or null if it is unknown. */
  readonly address: string | null;
  readonly checkedAt: number;
  readonly until: number;
  /** The id of the session that `tokens` opens. A second session of this id is refused, so that a token is valid once. */
  readonly sessionId: string;
}

export interface TokenLoginOptions {
  readonly authenticate: Authenticate;
  readonly uiWebPath: string;
  /** In milliseconds; 0 turns the action off. */
  readonly timeout: number;
}

/**
 * Creates the action `tokenLogin`: checks name and password for a program that will open a browser. The answer contains a
 * server token; the client token is known to the program only. The browser needs both for the action `tokens`, which opens the
 * session. Until then, no session exists.
 */
export function tokenLogin(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { authenticate, uiWebPath, timeout }: TokenLoginOptions,
): Action {
  const { clock } = manager.settings;
  const { traits } = dialect;
  return async function tokenLogin(request) {
    if (timeout === 0) throw new OpenXchangeError('LGI-0020');
    const clientToken = hashSecret(requiredParameter(request, 'clientToken'));
    const checkedAt = clock.now();
    const { account, user } = await checkPassword(manager, request, dialect, {
      authenticate,
      nameParameter: 'login',
    });
    const autologin = flagParameter(request, 'autologin');
    const staySignedIn = flagParameter(request, 'staySignedIn') ?? autologin;
    const now = clock.now();
    const pending: PendingSignIn = {
      account: accountFacts(account),
      user,
      authId: authIdOf(request),
      staySignedIn,
      clientToken,
      address: ipAddress(signInAddress(request)),
      checkedAt,
      until: now + timeout,
      sessionId: mintSessionId(now, { userId: account.userId, tenantId: account.tenantId ?? null }),
    };
    const serverToken = await sealed(installationKeysOf(manager), PURPOSE, { ...pending });
    attemptOf(request)?.decide('succeeded');

    const jsessionid = dialect.stickyValue(request);
    const url = uiLocation(request, uiWebPath, {
      jsessionid,
      serverToken,
      ...uiUser(traits, { user, ...account }),
      ...(!traits.signInStores && { store: autologin }),
    });
    if (!flagParameter(request, 'jsonResponse')) return redirected(dialect.emptyAnswer(302), url);
    return dialect.answer({ serverToken, jsessionid, user, user_id: account.userNumber, url });
  };
}

/** Returns only the known facts, because the app's object may contain anything. */
function accountFacts({
  userId,
  tenantId,
  userNumber,
  contextNumber,
  locale,
}: OpenXchangeAccount): OpenXchangeAccount {
  return { userId, tenantId, userNumber, contextNumber, locale };
}

/** The number of refused sign-ins that each node remembers. */
const MOST_REFUSED = 10_000;

/**
 * Creates the action `tokens`: opens the session of a `tokenLogin`. Both tokens must match, and the request must come from the
 * address of the `tokenLogin`, by the same rules as an autologin. Otherwise an attacker could send victims a link that signs
 * them in to the attacker's account.
 */
export function tokens(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { extras }: { readonly extras: ExtraFields },
): Action {
  const { clock, sameAddressCheck } = manager.settings;
  const refused = lru<true>(MOST_REFUSED);

  async function pendingOf(serverToken: string, clientToken: string): Promise<PendingSignIn> {
    const pending = (await unsealed(installationKeysOf(manager), PURPOSE, serverToken)) as
      PendingSignIn | undefined;
    if (pending === undefined || pending.until <= clock.now() || refused.get(pending.sessionId)) {
      throw new OpenXchangeError('SES-0210');
    }
    if (pending.clientToken === hashSecret(clientToken)) return pending;
    // Otherwise an attacker with the server token could try several client tokens. Several texts are the same server token.
    refused.set(pending.sessionId, true);
    throw new OpenXchangeError('SES-0211');
  }

  return async function tokens(request, response) {
    const serverToken = requiredParameter(request, 'serverToken');
    const clientToken = requiredParameter(request, 'clientToken');
    requiredParameter(request, 'client');
    const pending = await pendingOf(serverToken, clientToken);
    const { client } = clientOf(request, dialect);
    if (!sameAddressCheck(pending.address, clientAddress(request) ?? null, client).allowed) {
      throw plainRefusal('ip-changed');
    }
    const identified = { ...pending, credentialsCheckedAt: new Date(pending.checkedAt) };
    try {
      return await openFor(manager, dialect, identified, { request, response }, async (session, secret) => {
        const { body } = dialect.loginAnswer(session, await extras(request, session, secret));
        return dialect.answer({ data: body });
      });
    } catch (error) {
      const used = error instanceof SessionError && error.code === 'session-id-taken';
      throw used ? new OpenXchangeError('SES-0210') : error;
    }
  };
}
