import type { Request, RequestHandler } from 'express';

import { clientAddress } from './client-address';
import { plainRefusal, SessionError } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { func } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { claimedSession, type SessionClaims } from '../session/claims';
import type { IdentitySession, Owner } from '../session/session';
import { setSession } from './guarded-session';
import { restDialect, verbOptions } from './request';
import { GUARD_OPTIONS, refuseUnlessGuest, type GuardOptions } from './session-secret-guard';

/** The options of `sessionClaimGuard`. */
export interface ClaimGuardOptions extends GuardOptions {
  /**
   * Returns the claims of the request, for example `(request) => request.auth` or `(request) => request.user`. The app must
   * have verified the token's signature before. Required.
   */
  readonly claimsOf: (request: Request) => SessionClaims | null | undefined;
  /**
   * Returns the user that the token names, for example `(request) => request.auth.sub`: a user id, or `{ userId, tenantId }`. A
   * token whose user does not own its session is refused with `credentials-invalid`. Default: the user is not compared.
   */
  readonly subjectOf?: ((request: Request) => string | Owner | null | undefined) | undefined;
}

/**
 * Checks the result of `subjectOf`. A token without a user is refused.
 * @throws SessionError `credentials-invalid`
 * @throws TypeError for a number, which many apps use as id, because it would refuse every token
 */
function checkedSubject(subject: unknown): string | Owner {
  if (subject === null || subject === undefined || subject === '') throw plainRefusal('credentials-invalid');
  if (typeof subject === 'string') return subject;
  const { tenantId = null, userId } = subject as Partial<Owner>;
  if (typeof userId === 'string') return { tenantId, userId };
  throw new TypeError(
    '`subjectOf` must return a string or `{ userId, tenantId }`: write `String(request.auth.sub)`',
  );
}

const OPTIONS = {
  ...GUARD_OPTIONS,
  claimsOf: {
    check: func<ClaimGuardOptions['claimsOf']>(),
    required: 'write `sessionClaimGuard(manager, { claimsOf: (request) => request.auth })`',
  },
  subjectOf: { check: func<NonNullable<ClaimGuardOptions['subjectOf']>>() },
} satisfies OptionTable<ClaimGuardOptions>;

/**
 * A guard for apps that issue their own tokens, such as JWTs. Accepts requests whose token names a live session in the
 * claims that `claims(session)` returned, and sets `request.identitySession`. A token of an ended session is refused, even
 * if the token itself is still valid.
 *
 * Mount it behind the middleware that verifies the token:
 * `app.use('/api', verifyToken, sessionClaimGuard(manager, { claimsOf: (request) => request.auth }))`.
 *
 * Refuses requests with `credentials-missing`, `credentials-invalid`, `session-ended`, `session-expired`, `ip-changed` or
 * `store-unavailable`.
 * @throws TypeError if the manager or `claimsOf` is missing, or an option is invalid
 */
export function sessionClaimGuard(
  manager: IdentitySessionManager,
  options: ClaimGuardOptions,
): RequestHandler {
  const {
    dialect = restDialect(manager),
    claimsOf,
    subjectOf,
    activity,
    optional,
  } = verbOptions('sessionClaimGuard', manager, options, OPTIONS);

  async function verify(request: Request): Promise<IdentitySession> {
    const claims = claimsOf(request);
    if (claims === null || claims === undefined) throw plainRefusal('credentials-missing');
    const sessionId = claimedSession(claims);
    if (sessionId === undefined) {
      throw new SessionError('credentials-invalid', 'The token names no session.');
    }
    const subject = subjectOf && checkedSubject(subjectOf(request));
    const visit = {
      ipAddress: clientAddress(request),
      userAgent: request.headers['user-agent'] ?? null,
      activity,
      sameAddress: dialect.sameAddress,
    };
    return manager.verifyClaimed(sessionId, visit, subject);
  }

  return function sessionClaimGuard(request, response, next) {
    verify(request)
      .then((session) => {
        setSession(request, session);
        next();
      })
      .catch((error: unknown) => {
        refuseUnlessGuest(error, { dialect, optional }, request, response, next);
      });
  };
}
