import { answer, DONE } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { requiredParameter } from './parameters';
import type { IdentitySessionManager } from '../../manager/manager';
import { ipAddress } from '../../session/ip-address';
import type { Act } from './actions';

/**
 * Has a session go on at another address, for a program that asks on behalf of a user who sits there. Who asks must be in
 * the session, and at an address where it may be used, before as after: a thief elsewhere cannot bring it to himself.
 */
export function changeIp(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Act {
  return async function changeIp(request) {
    requiredParameter(request, 'session');
    const movesTo = requiredParameter(request, 'clientIP');
    if (ipAddress(movesTo) === null) throw new OpenXchangeError('SVL-0004', ['clientIP']);
    await manager.verify(dialect.credentials(request)!, { ipAddress: request.ip, movesTo });
    return answer(DONE);
  };
}
