import type { Request } from 'express';

import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { isSessionId } from '../../session/credentials';
import { sessionsOf } from '../../session/revocation';
import { MOST_TAKEN } from '../../store/store';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { idsToDelete } from './request-body';

/**
 * Creates the action `delete`, behind a guard: ends the sessions in the body one after another. The action
 * fails at the first id that is not a live session of the caller. Sessions that it ended before stay ended.
 */
export function deleteSessions(manager: IdentitySessionManager, { answer }: OpenXchangeDialect): Action {
  return async function deleteSessions(request: Request) {
    const current = sessionOf(request);
    for (const id of idsToDelete(request.body)) {
      const ended = isSessionId(id)
        ? await manager.revoke(sessionsOf(current, [id]), { by: current.userId })
        : [];
      if (ended.length === 0) throw plainRefusal('session-not-found');
    }
    return answer({});
  };
}

/**
 * Creates the action `clear`, behind a guard: ends all sessions in the caller's list except the current one, one page after
 * another.
 */
export function clearSessions(manager: IdentitySessionManager, { answer }: OpenXchangeDialect): Action {
  return async function clearSessions(request: Request) {
    const current = sessionOf(request);
    let after: string | undefined;
    do {
      const { sessions, next } = await manager.list(current, { limit: MOST_TAKEN, after });
      const others = sessions.map(({ sessionId }) => sessionId).filter((id) => id !== current.sessionId);
      if (others.length > 0) await manager.revoke(sessionsOf(current, others), { by: current.userId });
      after = next;
    } while (after !== undefined);
    return answer({});
  };
}
