import { OpenXchangeError } from './errors';
import type { OpenXchangeDialect } from './dialect';
import { plainRefusal, SessionError, type RefusalCode } from '../../errors';
import type { IdentitySessionManager } from '../../manager/manager';
import { secretOf } from '../../session/credentials';
import type { Act } from './actions';
import type { CookieRefresh } from './cookie-refresh';
import type { Extras } from './login';

/** Refusals that are no word about the cookies. */
const NOT_OF_COOKIES: ReadonlySet<RefusalCode> = new Set(['autologin-disabled', 'store-unavailable']);

/**
 * Goes on with the session that the cookies of the client hold. Cookies that hold none are forgotten, the secret too: a
 * client that is told so signs in again.
 */
export function autologin(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { extras, refresh }: { readonly extras: Extras; readonly refresh: CookieRefresh },
): Act {
  return async function autologin(request) {
    try {
      if (!manager.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
      const shown = dialect.remembered(request);
      if (shown === undefined) throw plainRefusal('credentials-missing');
      const session = await manager.revive(shown, {
        ipAddress: request.ip,
        sameAddress: dialect.sameAddress,
      });
      const secret = secretOf(shown, session);
      const answer = dialect.welcome(session, await extras(request, session, secret));
      return { ...answer, cookies: refresh.due(request, session, () => secret) };
    } catch (error) {
      if (!(error instanceof SessionError) || NOT_OF_COOKIES.has(error.code)) throw error;
      const answer = dialect.error(new OpenXchangeError('SVL-0003'));
      return { ...answer, cookies: dialect.forgotten(request, dialect.hashOf(request)) };
    }
  };
}
