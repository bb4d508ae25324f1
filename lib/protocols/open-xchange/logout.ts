import { SessionError } from '../../errors';
import { clientAddress } from '../../http/client-address';
import { checkAgreement } from '../../http/guarded-session';
import { wellFormedCredentials } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Action } from './actions';
import type { OpenXchangeDialect } from './dialect';
import { parameter } from './parameters';

/**
 * Creates the action `logout`: ends the session of the request and clears its cookies. The answer has only a status: 400 if
 * the parameter `session` is missing, and 403 if the request does not prove possession of the session.
 */
export function logout(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Action {
  const { emptyAnswer } = dialect;
  return async function logout(request) {
    if (!parameter(request, 'session')) return emptyAnswer(400);
    const credentials = wellFormedCredentials(request, dialect);
    if (credentials === undefined) return emptyAnswer(403);
    checkAgreement(request, credentials);
    try {
      const session = await manager.verify(credentials, {
        ipAddress: clientAddress(request),
        activity: false,
        sameAddress: dialect.sameAddress,
      });
      await manager.signOut(credentials);
      return {
        ...emptyAnswer(200),
        cookies: dialect.cleared(request, dialect.hashIn(request, session), session.sessionId),
      };
    } catch (error) {
      if (!(error instanceof SessionError) || error.code === 'store-unavailable') throw error;
      return emptyAnswer(403);
    }
  };
}
