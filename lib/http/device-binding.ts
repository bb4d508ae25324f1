import type { Request, RequestHandler, Response } from 'express';

import { SessionError, plainRefusal } from '../errors';
import { deviceBindingOf } from '../manager/device-binding';
import type { IdentitySessionManager } from '../manager/manager';
import type { IdentitySession } from '../session/session';
import { boundCookie, boundCredential } from './bound-cookie';
import { clientAddress } from './client-address';
import type { Answer, Dialect, Transport } from './dialect';
import { asyncHandler, dialectOf, type VerbOptions } from './request';
import { PRIVATE } from './rest';

/**
 * Lets browsers bind sessions to their device and renew the short-lived cookie of a bound session. `restRouter` includes it. Mount it
 * under the path that `bindingPath` names: `app.post('/session/binding', deviceBinding(manager))`.
 *
 * Browsers call it, not pages. A 503 keeps the binding; a 401 ends it in the browser.
 *
 * Refuses requests with `credentials-missing`, `credentials-invalid`, `credentials-ambiguous`, `session-ended`, `session-expired`,
 * `binding-unavailable` or `store-unavailable`.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function deviceBinding(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('deviceBinding', manager, options);
  const binding = deviceBindingOf(manager);

  return asyncHandler(dialect, async function deviceBinding(request) {
    const session = await sessionIn(request, dialect, manager);
    const proof = stringIn(request.headers['secure-session-response']);
    const named = request.headers['sec-secure-session-id'];
    if (named === undefined) return bound(session, await binding.register(session, proof ?? ''), manager);
    if (stringIn(named) !== session.sessionId) throw plainRefusal('credentials-invalid');
    const cookie = proof === undefined ? undefined : await binding.renew(session, proof);
    if (cookie !== undefined) return bound(session, cookie, manager);
    const challenge = `"${await binding.renewalChallenge(session)}";id="${session.sessionId}"`;
    return { status: 403, headers: { ...PRIVATE, 'Secure-Session-Challenge': challenge }, cookies: [] };
  });
}

/** Returns the session of the request. Its browser may have lost the bound cookie, and need not be in use. */
async function sessionIn(
  request: Request,
  dialect: Dialect,
  manager: IdentitySessionManager,
): Promise<IdentitySession> {
  const credentials = dialect.credentials(request);
  if (credentials === undefined) throw plainRefusal('credentials-missing');
  try {
    return await manager.verify(credentials, {
      ipAddress: clientAddress(request),
      sameAddress: dialect.sameAddress,
      activity: false,
      binding: { cookie: undefined, skipped: false, renews: true },
    });
  } catch (error) {
    // The session lives, and its browser may come back to its address. A 401 would end the binding in the browser.
    if (error instanceof SessionError && error.code === 'ip-changed') {
      throw plainRefusal('binding-unavailable', { retryAfter: 60 });
    }
    throw error;
  }
}

/** Builds the answer that gives the bound cookie to the browser. */
function bound(session: IdentitySession, cookie: string, { settings }: IdentitySessionManager): Answer {
  const body = {
    session_identifier: session.sessionId,
    refresh_url: settings.bindingPath,
    scope: { include_site: false, scope_specification: [] },
    credentials: [{ type: 'cookie', ...boundCredential(settings) }],
  };
  return { status: 200, headers: PRIVATE, cookies: [boundCookie(cookie, settings)], body };
}

/** Returns the text of a header that holds one string (RFC 9651), without quotes and parameters. */
function stringIn(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted] = /^"([^"\\]*)"/.exec(String(header)) ?? [];
  return quoted ?? String(header);
}

/**
 * Offers the browser of a sign-in to bind the new session to its device. Browsers that cannot do this ignore the header.
 */
export async function offerBinding(
  session: IdentitySession,
  transport: Transport,
  response: Response,
  { manager, dialect }: { readonly manager: IdentitySessionManager; readonly dialect: Dialect },
): Promise<void> {
  const { deviceBound, bindingPath } = manager.settings;
  if (deviceBound === 'off' || transport !== 'cookie' || dialect.bindable !== true) return;
  const challenge = await deviceBindingOf(manager).registrationChallenge(session);
  response.setHeader('Secure-Session-Registration', `(ES256);path="${bindingPath}";challenge="${challenge}"`);
}
