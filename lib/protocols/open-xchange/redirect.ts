import type { Request } from 'express';

import type { Answer } from '../../http/dialect';
import { bare } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { flagParameter, parameter } from './parameters';
import { SessionError } from '../../errors';
import type { IdentitySessionManager } from '../../manager/manager';
import type { IdentitySession } from '../../session/session';
import type { Act } from './actions';
import type { Extras } from './login';
import type { HandedOver, RandomTokens } from './random-tokens';

/**
 * Hands a session over to the browser that comes with its random token, and sends it on to the user interface. 400
 * without a token, 403 for one that is good for nothing.
 */
export function redirect(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { tokens, uiWebPath }: { readonly tokens: RandomTokens; readonly uiWebPath: string },
): Act {
  return handingOver(manager, dialect, tokens, async function redirect(request, session) {
    const wanted = parameter(request, 'uiWebPath');
    const path = wanted !== undefined && isLocalPath(wanted) ? wanted : uiWebPath;
    const store = flagParameter(request, 'store');
    const fragment = `session=${session.sessionId}${store === undefined ? '' : `&store=${store}`}`;
    const { headers } = bare(302);
    return { ...bare(302), headers: { ...headers, Location: `${path}#${fragment}` } };
  });
}

/** The same with an answer as to a login. */
export function redeem(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { tokens, extras }: { readonly tokens: RandomTokens; readonly extras: Extras },
): Act {
  return handingOver(manager, dialect, tokens, async function redeem(request, session, secret) {
    return dialect.welcome(session, await extras(request, session, secret));
  });
}

/** A path of this host and nothing else: `//example.com` would lead away. */
export function isLocalPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/(?!\/)[\w.~%/-]*$/.test(value);
}

/** Gives the cookies of the session that the random token stands for, with an answer of their own. */
function handingOver(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  tokens: RandomTokens,
  answerTo: (request: Request, session: IdentitySession, secret: string) => Promise<Answer>,
): Act {
  return async function handOver(request) {
    const taken = await takeOver(request, manager, tokens);
    if (typeof taken === 'number') return bare(taken);
    const { session, secret } = taken;
    const answer = await answerTo(request, session, secret);
    return { ...answer, cookies: dialect.cookies(request, session, secret) };
  };
}

/** The session that the random token stands for, or the status of the refusal. */
async function takeOver(
  request: Request,
  manager: IdentitySessionManager,
  tokens: RandomTokens,
): Promise<(HandedOver & { readonly session: IdentitySession }) | 400 | 403> {
  const token = parameter(request, 'random');
  if (!token || !tokens.enabled) return 400;
  const taken = tokens.take(token);
  if (taken === undefined) return 403;
  try {
    return { ...taken, session: await manager.verify(taken, { ipAddress: request.ip }) };
  } catch (error) {
    if (!(error instanceof SessionError) || error.code === 'store-unavailable') throw error;
    return 403;
  }
}
