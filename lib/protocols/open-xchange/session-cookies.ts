import type { Request } from 'express';

import { answer, DONE } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Act } from './actions';

/** Behind a guard: keeps the session's id in a cookie, by which autologin finds it. */
export function store(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Act {
  return async function store(request: Request) {
    if (!manager.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
    const session = sessionOf(request);
    const cookie = dialect.cookie('session', request, session, session.sessionId);
    return answer(DONE, [cookie, ...dialect.stickyCookies(request)]);
  };
}

/** Behind a guard: sends the secret's cookie again, the same secret for its whole time, and the public one with it. */
export function refreshSecret(dialect: OpenXchangeDialect): Act {
  return async function refreshSecret(request: Request) {
    const session = sessionOf(request);
    const secret = dialect.valueOf('secret', request, session)!;
    const cookies = [dialect.cookie('secret', request, session, secret)];
    return answer(DONE, [...cookies, ...dialect.publicCookies(request, session)]);
  };
}
