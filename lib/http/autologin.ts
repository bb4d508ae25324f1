import type { RequestHandler } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { secretOf } from '../session/credentials';
import { asyncHandler, dialectOf, type VerbOptions } from './request';
import { checkWriteOrigin } from './same-origin';

/**
 * Revives the session of a returning client, also one that hibernates, and issues its cookie anew: the same id and
 * secret, for the cookie's whole lifetime again.
 */
export function autologin(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('autologin', manager, options);
  const { origins } = manager.settings;

  return asyncHandler(dialect, async function autologin(request) {
    const credentials = dialect.remembered(request);
    if (credentials === undefined)
      throw new SessionError('credentials-missing', 'There is no session to go on with.');
    if (dialect.sameOrigin && credentials.transport === 'cookie') checkWriteOrigin(request, origins);
    const session = await manager.revive(credentials, {
      ipAddress: request.ip,
      sameAddress: dialect.sameAddress,
    });
    const { transport } = credentials;
    const secret = secretOf(credentials, session);
    return dialect.opened({ described: manager.describe(session), secret, transport }, request);
  });
}
