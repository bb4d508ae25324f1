import type { Request, RequestHandler } from 'express';

import { plainRefusal, SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { func } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { claimedSession, type SessionClaims } from '../session/claims';
import type { IdentitySession } from '../session/session';
import { refuse, restDialect, verbOptions } from './request';
import { GUARD_OPTIONS, type GuardOptions } from './session-secret-guard';

/** What a claim guard is told. */
export interface ClaimGuardOptions extends GuardOptions {
  /**
   * The claims of the request's token or user, whose signature the app has verified before: `(request) => request.auth` or
   * `(request) => request.user`. Required.
   */
  readonly claimsOf: (request: Request) => SessionClaims | null | undefined;
}

const OPTIONS = {
  ...GUARD_OPTIONS,
  claimsOf: {
    check: func<ClaimGuardOptions['claimsOf']>(),
    required: 'write `sessionClaimGuard(manager, { claimsOf: (request) => request.auth })`',
  },
} satisfies OptionTable<ClaimGuardOptions>;

/**
 * For apps that sign tokens of their own: lets requests pass whose token names a live session, as `claims` put it there,
 * with `request.identitySession` set. A token that names none is refused, and so is one of a session that has ended,
 * however long the token itself is good for.
 */
export function sessionClaimGuard(
  manager: IdentitySessionManager,
  options: ClaimGuardOptions,
): RequestHandler {
  const {
    dialect = restDialect(manager),
    claimsOf,
    activity,
  } = verbOptions('sessionClaimGuard', manager, options, OPTIONS);

  async function verified(request: Request): Promise<IdentitySession> {
    const claims = claimsOf(request);
    if (claims === null || claims === undefined) throw plainRefusal('credentials-missing');
    const sessionId = claimedSession(claims);
    if (sessionId === undefined) {
      throw new SessionError('credentials-invalid', 'The token names no session.');
    }
    return manager.verifyClaimed(sessionId, { ipAddress: request.ip, activity });
  }

  return function sessionClaimGuard(request, response, next) {
    verified(request)
      .then((session) => {
        request.identitySession = session;
        next();
      })
      .catch((error: unknown) => refuse(error, dialect, request, response, next));
  };
}
