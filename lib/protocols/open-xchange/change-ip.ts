import { SessionError } from '../../errors';
import { clientAddress } from '../../http/client-address';
import { checkAgreement } from '../../http/guarded-session';
import type { IdentitySessionManager } from '../../manager/manager';
import { ipAddress } from '../../session/ip-address';
import type { Action } from './actions';
import { DONE } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import { requiredParameter } from './parameters';
import { mayContain } from './trusted-clients';

/**
 * Creates the action `changeip`: moves the session to the address in `clientIP`, for a program that sends requests on
 * behalf of a user. Only trusted clients may use it. The request must prove possession of the session, and the IP check must allow the caller's address.
 * Otherwise an attacker could move a stolen session to another address. The new address is not checked.
 */
export function changeIp(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Action {
  return async function changeIp(request) {
    requiredParameter(request, 'session');
    if (!mayContain(request, 'clientIP')) {
      throw new SessionError(
        'permission-missing',
        'Only the clients in `trustedClients` may send `clientIP`.',
      );
    }
    const movesTo = requiredParameter(request, 'clientIP');
    if (ipAddress(movesTo) === null) throw new OpenXchangeError('SVL-0004', ['clientIP']);
    const credentials = dialect.credentials(request)!;
    checkAgreement(request, credentials);
    const { sameAddress } = dialect;
    await manager.verify(credentials, { ipAddress: clientAddress(request), movesTo, sameAddress });
    return dialect.answer(DONE);
  };
}
