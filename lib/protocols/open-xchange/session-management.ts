import type { Request } from 'express';

import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { isSessionId } from '../../session/credentials';
import { otherSessionsOf, sessionsOf } from '../../session/revocation';
import { actingUser, type IdentitySession } from '../../session/session';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { idsToDelete } from './request-body';

/** Checks that the user was authenticated recently enough to end other sessions. */
type CheckRecency = (request: Request, session: IdentitySession) => void;

/**
 * Creates the action `delete`, behind a guard: ends the sessions in the body one after another. The action
 * fails at the first id that is not a live session of the caller. Sessions that it ended before stay ended.
 */
export function deleteSessions(
  manager: IdentitySessionManager,
  { answer }: OpenXchangeDialect,
  checkRecency: CheckRecency,
): Action {
  return async function deleteSessions(request: Request) {
    const current = sessionOf(request);
    const ids = idsToDelete(request.body);
    if (ids.some((id) => id !== current.sessionId)) checkRecency(request, current);
    for (const id of ids) {
      const ended = isSessionId(id)
        ? await manager.revoke(sessionsOf(current, [id]), { by: actingUser(current) })
        : [];
      if (ended.length === 0) throw plainRefusal('session-not-found');
    }
    return answer({});
  };
}

/**
 * Creates the action `clear`, behind a guard: ends all sessions of the caller except the current one. It also ends those that
 * lists hide, because a session that cannot be seen must not survive.
 */
export function clearSessions(
  manager: IdentitySessionManager,
  { answer }: OpenXchangeDialect,
  checkRecency: CheckRecency,
): Action {
  return async function clearSessions(request: Request) {
    const current = sessionOf(request);
    checkRecency(request, current);
    await manager.revoke(otherSessionsOf(current, current.sessionId), { by: actingUser(current) });
    return answer({});
  };
}
