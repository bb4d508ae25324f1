import { plainRefusal, SessionError, type RefusalCode } from '../../errors';
import { clientAddress } from '../../http/client-address';
import { checkAgreement } from '../../http/guarded-session';
import { checkResponse } from '../../http/open-session';
import type { IdentitySessionManager } from '../../manager/manager';
import { secretOf } from '../../session/credentials';
import type { Action } from './actions';
import type { CookieRefresh } from './cookie-refresh';
import type { OpenXchangeDialect } from './dialect';
import { OpenXchangeError } from './errors';
import type { ExtraFields } from './login';

/** Refusals that do not mean that the cookies are invalid. */
const COOKIES_STAY_VALID: ReadonlySet<RefusalCode> = new Set(['autologin-disabled', 'store-unavailable']);

/**
 * Creates the action `autologin`: continues the session in the request's cookies. If the cookies are invalid, it clears
 * them, including the secret, and the client shows its login page. If another host has planted a session cookie, it clears only
 * the planted one, so that the next autologin succeeds.
 */
export function autologin(
  manager: IdentitySessionManager,
  dialect: OpenXchangeDialect,
  { extras, refresh }: { readonly extras: ExtraFields; readonly refresh: CookieRefresh },
): Action {
  return async function autologin(request, response) {
    checkResponse(response);
    const credentials = dialect.remembered(request);
    checkAgreement(request, credentials);
    try {
      if (!manager.settings.lifetimes.autologin) throw plainRefusal('autologin-disabled');
      if (credentials === undefined) throw plainRefusal('credentials-missing');
      const session = await manager.revive(credentials, {
        ipAddress: clientAddress(request),
        sameAddress: dialect.sameAddress,
      });
      const secret = secretOf(credentials, session);
      const answer = dialect.loginAnswer(session, await extras(request, session, secret));
      return { ...answer, cookies: refresh.due(request, session, () => secret) };
    } catch (error) {
      if (!(error instanceof SessionError) || COOKIES_STAY_VALID.has(error.code)) throw error;
      const answer = dialect.errorAnswer(new OpenXchangeError('SVL-0003'));
      const hash = dialect.hashOf(request);
      const planted = dialect.plantedCleared(request, hash);
      return { ...answer, cookies: planted.length > 0 ? planted : dialect.cleared(request, hash) };
    }
  };
}
