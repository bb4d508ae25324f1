import type { Request } from 'express';

import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Action } from './actions';
import { answer, DONE } from './answers';
import type { OpenXchangeDialect } from './dialect';

/** Creates the action `store`, behind a guard: sends the session id in a cookie, which autologin needs. */
export function store(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Action {
  return async function store(request: Request) {
    if (!manager.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
    const session = sessionOf(request);
    const cookies = dialect.cookie('session', request, session, session.sessionId);
    return answer(DONE, [...cookies, ...dialect.stickyCookies(request)]);
  };
}

/**
 * Creates the action `refreshSecret`, behind a guard: sends the secret cookie again with its full lifetime, and the
 * public-session cookie. The secret does not change.
 */
export function refreshSecret(dialect: OpenXchangeDialect): Action {
  return async function refreshSecret(request: Request) {
    const session = sessionOf(request);
    const secret = dialect.valueOf('secret', request, session)!;
    const cookies = dialect.cookie('secret', request, session, secret);
    return answer(DONE, [...cookies, ...dialect.publicCookies(request, session)]);
  };
}
