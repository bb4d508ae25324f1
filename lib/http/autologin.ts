import type { RequestHandler } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { secretOf } from '../session/credentials';
import { answering, dialectOf, type VerbOptions } from './request';
import { insistOnSameOrigin } from './same-origin';

/**
 * Revives the session of a returning client, also one that hibernates, and issues its cookie anew: the same id and
 * secret, for the cookie's whole lifetime again.
 */
export function autologin(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('autologin', manager, options);
  const { origins } = manager.settings;

  return answering(dialect, async function autologin(request) {
    const shown = dialect.remembered(request);
    if (shown === undefined)
      throw new SessionError('credentials-missing', 'There is no session to go on with.');
    if (dialect.sameOrigin && shown.transport === 'cookie') insistOnSameOrigin(request, origins);
    const session = await manager.revive(shown, { ipAddress: request.ip, sameAddress: dialect.sameAddress });
    const { transport } = shown;
    const secret = secretOf(shown, session);
    return dialect.opened({ described: manager.describe(session), secret, transport }, request);
  });
}
