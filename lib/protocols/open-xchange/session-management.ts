import type { Request } from 'express';

import { answer } from './answers';
import { idsToDelete } from './request-body';
import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import { isSessionId } from '../../session/credentials';
import { sessionsOf } from '../../session/revocation';
import type { Act } from './actions';

/**
 * Behind a guard: ends the sessions that the body names, one after the other. The first that the caller does not have
 * stops it; those before it stay ended.
 */
export function deleteSessions(manager: IdentitySessionManager): Act {
  return async function deleteSessions(request: Request) {
    const current = sessionOf(request);
    for (const id of idsToDelete(request.body)) {
      const ended = isSessionId(id)
        ? await manager.revoke(sessionsOf(current, [id]), { by: current.userId })
        : [];
      // A session that has ended before is none that the caller has.
      if (ended.length === 0) throw plainRefusal('session-not-found');
    }
    return answer({});
  };
}

/** Behind a guard: ends all sessions that the caller is shown, but the one that the caller is in. */
export function clearSessions(manager: IdentitySessionManager): Act {
  return async function clearSessions(request: Request) {
    const current = sessionOf(request);
    const shown = await manager.list(current);
    const others = shown.map(({ sessionId }) => sessionId).filter((id) => id !== current.sessionId);
    if (others.length > 0) await manager.revoke(sessionsOf(current, others), { by: current.userId });
    return answer({});
  };
}
