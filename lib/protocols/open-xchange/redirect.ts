import type { Request } from 'express';

import { SessionError } from '../../errors';
import { clientAddress } from '../../http/client-address';
import type { Answer } from '../../http/dialect';
import type { IdentitySessionManager } from '../../manager/manager';
import type { IdentitySession } from '../../session/session';
import type { Action } from './actions';
import { redirected } from './answers';
import type { OpenXchangeDialect } from './dialect';
import type { ExtraFields } from './login';
import { flagParameter, parameter } from './parameters';
import type { Handover, RandomTokens } from './random-tokens';
import { uiLocation } from './ui-location';

/**
 * Creates the action `redirect`: hands the session of a random token over to a browser and redirects it to the user
 * interface. Returns 400 if the token is missing or tokens are turned off, and 403 if the token is invalid.
 */
export function redirect(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { tokens, uiWebPath }: { readonly tokens: RandomTokens; readonly uiWebPath: string },
): Action {
  return handover(manager, dialect, tokens, async function redirect(request, session) {
    const fragment = { session: session.sessionId, store: flagParameter(request, 'store') };
    return redirected(dialect.emptyAnswer(302), uiLocation(request, uiWebPath, fragment));
  });
}

/** Creates the action `redeem`: hands the session over as `redirect` does, and answers like a login. */
export function redeem(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { tokens, extras }: { readonly tokens: RandomTokens; readonly extras: ExtraFields },
): Action {
  return handover(manager, dialect, tokens, async function redeem(request, session, secret) {
    return dialect.loginAnswer(session, await extras(request, session, secret));
  });
}

/** Creates an action that sends the cookies of the token's session with the answer that `answerTo` builds. */
function handover(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  tokens: RandomTokens,
  answerTo: (request: Request, session: IdentitySession, secret: string) => Promise<Answer>,
): Action {
  return async function handover(request) {
    const redeemed = await redeemToken(request, manager, dialect, tokens);
    if (typeof redeemed === 'number') return dialect.emptyAnswer(redeemed);
    const { session, secret } = redeemed;
    const answer = await answerTo(request, session, secret);
    return { ...answer, cookies: dialect.newCookies(request, session, secret) };
  };
}

/** Returns the session of the request's random token, or the status of the refusal. */
async function redeemToken(
  request: Request,
  manager: IdentitySessionManager,
  { sameAddress }: OpenXchangeDialect,
  tokens: RandomTokens,
): Promise<(Handover & { readonly session: IdentitySession }) | 400 | 403> {
  const token = parameter(request, 'random');
  if (!token || !tokens.enabled) return 400;
  const redeemed = tokens.redeem(token, request);
  if (redeemed === undefined) return 403;
  try {
    const visit = { ipAddress: clientAddress(request), sameAddress };
    return { ...redeemed, session: await manager.verify(redeemed, visit) };
  } catch (error) {
    if (!(error instanceof SessionError) || error.code === 'store-unavailable') throw error;
    return 403;
  }
}
