import type { Request } from 'express';

import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Action } from './actions';
import { DONE } from './answers';
import type { OpenXchangeDialect } from './dialect';

/** Creates the action `store`, behind a guard: sends the session id in a cookie, which autologin needs. */
export function store(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Action {
  return async function store(request: Request) {
    if (!manager.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
    const session = sessionOf(request);
    const cookies = dialect.cookie('session', request, session, session.sessionId);
    return dialect.answer(DONE, [...cookies, ...dialect.stickyCookies(request)]);
  };
}

/** Creates the action `store` of the generations whose sign-ins set the session cookie: it does nothing. */
export function storeNothing({ emptyAnswer }: OpenXchangeDialect): Action {
  return async function store() {
    const { headers, ...rest } = emptyAnswer(200);
    return { ...rest, headers: { ...headers, Deprecation: 'version="v7.10.3"' } };
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
    return dialect.answer(DONE, [...cookies, ...dialect.publicCookies(request, session)]);
  };
}
