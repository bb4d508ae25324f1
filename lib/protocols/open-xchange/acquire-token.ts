import type { Request } from 'express';

import { SessionError } from '../../errors';
import { sessionOf } from '../../http/request';
import { installationKeysOf } from '../../manager/installation-keys';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Assurance } from '../../session/assurance';
import { hashSecret, isSessionId, mintSessionId } from '../../session/credentials';
import { stage } from '../../session/lifetimes';
import { sealed, unsealed } from '../../session/sealed';
import type { IdentitySession } from '../../session/session';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { openFor, type ExtraFields } from './login';
import { queryParameter, requiredParameter } from './parameters';
import { storedSignIn } from './stored-sign-in';

const PURPOSE = 'open-xchange acquireToken';

/** The content of a token. The token is encrypted, so that any node can redeem it. */
interface Grant {
  /** The id of the session that acquired the token. */
  readonly from: string;
  readonly until: number;
  /** The id of the session that the token opens. A second session of this id is refused, so that a token is valid once. */
  readonly sessionId: string;
}

/**
 * Creates the action `acquireToken`, behind a guard: returns a token with which another system can open a session of the same
 * user. Each call returns a new token.
 * @param timeout How long the token is valid, in milliseconds.
 */
export function acquireToken(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { timeout }: { readonly timeout: number },
): Action {
  const { clock } = manager.settings;
  return async function acquireToken(request: Request) {
    const now = clock.now();
    const session = sessionOf(request);
    const { sessionId: from } = session;
    const grant: Grant = { from, until: now + timeout, sessionId: mintSessionId(now, session) };
    const token = await sealed(installationKeysOf(manager), PURPOSE, { ...grant });
    return dialect.answer({ data: { token }, timestamp: now });
  };
}

/**
 * Creates the action `redeemToken`: opens a session for another system, which shows a token of `acquireToken` and a secret
 * that it shares with this app. The session that acquired the token must still be live.
 * @param secrets The secrets of the systems.
 */
export function redeemToken(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { secrets, extras }: { readonly secrets: readonly string[]; readonly extras: ExtraFields },
): Action {
  // The time to find a hash reveals nothing about a secret.
  const hashes = new Set(secrets.map(hashSecret));
  const { clock, lifetimes } = manager.settings;

  async function sessionOfGrant(grant: Grant): Promise<IdentitySession> {
    const from = isSessionId(grant.from) ? await manager.administration.find(grant.from) : undefined;
    if (from !== undefined && stage(from, lifetimes, clock.now()) !== 'ended') return from;
    throw new OpenXchangeError('TOKENLOGIN-0005');
  }

  return async function redeemToken(request, response) {
    // URLs appear in logs.
    if (queryParameter(request, 'secret') !== undefined) throw new OpenXchangeError('SVL-0030', ['secret']);
    const token = requiredParameter(request, 'token');
    requiredParameter(request, 'client');
    const secret = requiredParameter(request, 'secret');
    if (!hashes.has(hashSecret(secret))) throw new OpenXchangeError('TOKENLOGIN-0006');

    const credentialsCheckedAt = new Date(clock.now());
    const grant = (await unsealed(installationKeysOf(manager), PURPOSE, token)) as Grant | undefined;
    if (grant === undefined || grant.until <= clock.now()) throw new OpenXchangeError('TOKENLOGIN-0003');
    const from = await sessionOfGrant(grant);
    const { user = from.userId, userNumber, contextNumber, locale } = storedSignIn(from);
    const { userId, tenantId } = from;
    const account = { userId, tenantId, userNumber, contextNumber, locale };
    // The user was not authenticated again, so the new session must not seem so.
    const assurance: Assurance = from;
    const identified = { account, user, credentialsCheckedAt, assurance, sessionId: grant.sessionId };
    try {
      return await openFor(
        manager,
        dialect,
        identified,
        { request, response },
        async (session, sessionSecret) =>
          dialect.loginAnswer(session, await extras(request, session, sessionSecret)),
      );
    } catch (error) {
      const used = error instanceof SessionError && error.code === 'session-id-taken';
      throw used ? new OpenXchangeError('TOKENLOGIN-0003') : error;
    }
  };
}
