import type { IncomingMessage } from 'node:http';

import type { Express, Request } from 'express';

import { bindingEvidence } from './bound-cookie';
import { clientAddress } from './client-address';
import { shownDeviceToken } from './device-cookie';
import type { Dialect } from './dialect';
import { plainRefusal } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { IdentitySession } from '../session/session';
import { setSession } from './guarded-session';
import { checkOrigin } from './same-origin';

/** Gives a request that opens a connection the methods of Express, as Express does with ordinary requests. */
export function toExpressRequest(incoming: IncomingMessage, app: Express): Request {
  return Object.setPrototypeOf(incoming, app.request) as Request;
}

/** @throws TypeError if the dialect is for reading only */
export function checkWritable(verb: string, { readOnly }: Dialect): void {
  if (readOnly !== true) return;
  throw new TypeError(
    `${verb} cannot be built with this \`dialect\`, because it is for reading only: browsers send its credentials for ` +
      'pages of any site, and a WebSocket also writes. Pass a dialect whose requests name the session themselves',
  );
}

/**
 * Returns the session of a request that opens a connection, and sets it on the request. Checks the origin although the method is
 * `GET`: CORS does not apply to WebSockets, so a page of another site could otherwise open one with the user's cookie.
 * @throws SessionError for the same reasons as `sessionSecretGuard`
 */
export async function verifyOpening(
  request: Request,
  manager: IdentitySessionManager,
  dialect: Dialect,
): Promise<IdentitySession> {
  const credentials = dialect.credentials(request);
  if (credentials === undefined) throw plainRefusal('credentials-missing');
  if (dialect.sameOrigin && credentials.transport === 'cookie') checkOrigin(request, manager.settings);
  const session = await manager.verify(credentials, {
    ipAddress: clientAddress(request),
    sameAddress: dialect.sameAddress,
    userAgent: request.headers['user-agent'] ?? null,
    deviceToken: shownDeviceToken(request, credentials.transport, manager.settings),
    binding: bindingEvidence(request.headers, manager.settings),
  });
  setSession(request, session);
  return session;
}
