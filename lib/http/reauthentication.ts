import type { Request, Response } from 'express';

import { attemptOf } from './attempt';
import { beforeHeaders, keepFromSharedCaches } from './before-headers';
import { clientAddress } from './client-address';
import { rotates } from './guarded-visit';
import { checkResponse } from './open-session';
import { dialectOf, sessionOf, setHeaders, type VerbOptions, wellFormedCredentials } from './request';
import { checkSignInOrigin, sentByBrowser } from './same-origin';
import type { SignedIn } from './sign-in';
import { plainRefusal } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { Authentication } from '../manager/reauthentication';
import { sameOwner, type IdentitySession, type Owner } from '../session/session';

/** The authentication of a user who is already signed in. The address is taken from the request. */
export interface ReauthenticationFacts extends Omit<Authentication, 'ipAddress'> {
  /**
   * The user who was authenticated. If it is not the user of the session, the call is refused with `credentials-invalid`. Give it
   * if the app did not ask for this user's credentials itself, for example after an identity provider returned.
   */
  readonly userId?: string | undefined;
  /** The tenant of `userId`. Default: null, a user without a tenant. */
  readonly tenantId?: string | null | undefined;
}

/** The function that `createReauthentication` returns. */
export type ReauthenticationFunction = (
  request: Request,
  response: Response,
  facts?: ReauthenticationFacts,
) => Promise<SignedIn>;

/**
 * Creates the function that the app calls behind a guard, after it authenticated the user of the session again. The function
 * records the authentication and replaces the secret in place: id, row and data stay. A copy of the earlier secret keeps the earlier
 * assurance. The function sets the new cookie on the response, and the app sends the response.
 *
 * Call it in an async route: `await reauthenticated(request, response, { amr: ['pwd', 'otp'] })`. `acr` and `amr` replace the earlier
 * ones, also if they are left out. The absolute timeout starts anew.
 *
 * The function throws a `SessionError` with `cross-site`, `credentials-ambiguous`, `credentials-invalid`, `session-ended`,
 * `credential-changed`, `invalid-request` or `store-unavailable`. Mount `sessionErrors` to answer it. It throws a `TypeError` if the
 * response has already started or no guard is mounted before it.
 * @throws TypeError if the manager is missing or an option is invalid
 */
export function createReauthentication(
  manager: IdentitySessionManager,
  options: VerbOptions = {},
): ReauthenticationFunction {
  const dialect = dialectOf('createReauthentication', manager, options);

  return async function reauthenticated(
    request,
    response,
    { userId, tenantId = null, ...authentication } = {},
  ) {
    const current = sessionOf(request, 'reauthenticated');
    checkResponse(response);
    // The session may have been found elsewhere, for example in a token of the app.
    const given = wellFormedCredentials(request, dialect);
    const credentials = given?.sessionId === current.sessionId ? given : undefined;
    if (sentByBrowser(request, credentials?.transport)) checkSignInOrigin(request, manager.settings);
    if (userId !== undefined && !isActing(current, { userId, tenantId }))
      throw plainRefusal('credentials-invalid');

    const facts = { ...authentication, ipAddress: clientAddress(request) };
    const { session, secret } = await manager.reauthenticate(current, facts, credentials);
    attemptOf(request)?.decide('succeeded');
    request.identitySession = session;
    if (secret === undefined || credentials === undefined) return { session };

    const { transport } = credentials;
    const answer = dialect.opened({ described: manager.describe(session), secret, transport }, request);
    // The guard may have put a new token into the response, which this one replaces.
    const carried = rotates(dialect, transport) && dialect.rotated!({ session, secret, transport }, request);
    const headers = { ...answer.headers, ...(carried && carried.headers) };
    setHeaders(response, { ...answer, headers, body: undefined });
    beforeHeaders(response, () => keepFromSharedCaches(response, 'no-store'));
    return transport === 'bearer'
      ? { session, token: dialect.token(session.sessionId, secret) }
      : { session };
  };
}

/** Returns true if the user acts in the session. The tenant of an actor is not known. */
function isActing(session: IdentitySession, user: Owner): boolean {
  return session.actor === null ? sameOwner(session, user) : session.actor === user.userId;
}
