import type { RequestHandler } from 'express';

import { SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { secretOf } from '../session/credentials';
import { checkAgreement } from './guarded-session';
import { rotates } from './guarded-visit';
import { checkResponse } from './open-session';
import { bindingEvidence } from './bound-cookie';
import { clientAddress } from './client-address';
import { deviceTokenIn, keepDeviceToken, shownDeviceToken } from './device-cookie';
import { afterBody } from './parse-errors';
import { asyncHandler, dialectOf, type VerbOptions } from './request';
import { checkActionOrigin } from './same-origin';

/**
 * Revives the session of a returning client and issues its cookie again, with the same id, a new secret and a full lifetime. The secret
 * stays the same with `rotateAfter: false`, and for a minute after it was replaced. It also wakes a hibernating session. Call it when an
 * app starts, for example from a page after it was loaded.
 *
 * Needs no guard: `app.post('/session/autologin', autologin(manager))`. `restRouter` includes it.
 *
 * Responds with the session. Refuses requests with `credentials-missing`, `credentials-invalid`, `credentials-ambiguous`,
 * `session-ended`, `session-expired`, `ip-changed`, `autologin-disabled`, `cross-site` or `store-unavailable`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function autologin(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('autologin', manager, options);

  const handler = asyncHandler(dialect, async function autologin(request, response) {
    checkResponse(response);
    const credentials = dialect.remembered(request);
    if (credentials === undefined) {
      throw new SessionError('credentials-missing', 'The request has no session that could be revived.');
    }
    const { transport } = credentials;
    checkAgreement(request, credentials);
    checkActionOrigin(request, transport, dialect, manager.settings);
    let renewed: string | undefined;
    const session = await manager.revive(credentials, {
      ipAddress: clientAddress(request),
      sameAddress: dialect.sameAddress,
      userAgent: request.headers['user-agent'] ?? null,
      deviceToken: shownDeviceToken(request, transport, manager.settings),
      binding: bindingEvidence(request.headers, manager.settings),
      onNewSecret: rotates(dialect, transport) ? (secret) => (renewed = secret) : undefined,
    });
    const secret = renewed ?? secretOf(credentials, session);
    const device = deviceTokenIn(request, manager.settings);
    if (device !== undefined && manager.settings.onNewDevice !== undefined) {
      keepDeviceToken(response, device, manager.settings);
    }
    const answer = dialect.opened({ described: manager.describe(session), secret, transport }, request);
    // A token is not part of the answer, because its client has it, unless it is new.
    const carried = renewed && dialect.rotated!({ session, secret, transport }, request).headers;
    return { ...answer, headers: { ...answer.headers, ...carried } };
  });
  return afterBody(dialect, handler);
}
