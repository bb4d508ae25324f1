import { bare } from './answers';
import type { OpenXchangeDialect } from './dialect';
import { SessionError } from '../../errors';
import { wellFormedCredentials } from '../../http/request';
import { parameter } from './parameters';
import type { IdentitySessionManager } from '../../manager/manager';
import type { Act } from './actions';

/**
 * Ends the session that the request is in, and has the browser forget its cookies. It answers with a status and nothing
 * else: 400 when no session is named, 403 for one that the caller is not in.
 */
export function logout(manager: IdentitySessionManager, dialect: OpenXchangeDialect): Act {
  return async function logout(request) {
    if (!parameter(request, 'session')) return bare(400);
    const shown = wellFormedCredentials(request, dialect);
    if (shown === undefined) return bare(403);
    try {
      const session = await manager.verify(shown, { ipAddress: request.ip, activity: false });
      await manager.signOut(shown);
      return {
        ...bare(200),
        cookies: dialect.forgotten(request, dialect.hashIn(request, session), session.sessionId),
      };
    } catch (error) {
      if (!(error instanceof SessionError) || error.code === 'store-unavailable') throw error;
      return bare(403);
    }
  };
}
