import type { Request, RequestHandler } from 'express';

import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import type { AccountLimit } from '../manager/account-limit';
import { attemptOf } from './attempt';
import { refuse } from './request';

/**
 * Returns the name of the account that the request tries to sign in to, as the user typed it. Requests without a name are
 * not limited by account. The name is often in the body, so mount the body parser before the limiter.
 */
export type NameOf = (request: Request) => string | null | undefined;

export interface AccountLimiterOptions {
  readonly dialect: Dialect;
  readonly nameOf: NameOf;
  /** Returns the client's address, or undefined if it is unknown. */
  readonly addressOf: (request: Request) => string | undefined;
}

/**
 * Limits failed sign-ins for each account. An account with 20 failures in a row must wait 30 seconds before the next
 * attempt, and twice as long after each further failure, up to an hour. Addresses from which the account signed in before
 * are exempt, so that strangers cannot lock its owner out.
 *
 * It does not use express-rate-limit, which counts hits in a window, because a window cannot express waits that grow.
 */
export function accountLimiter(
  limit: AccountLimit,
  { dialect, nameOf, addressOf }: AccountLimiterOptions,
): RequestHandler {
  async function admit(request: Request): Promise<void> {
    const name = nameOf(request);
    if (typeof name !== 'string' || name === '') return;
    const account = await limit.attemptOn(name, addressOf(request));
    const wait = await limit.begin(account);
    if (wait > 0) throw mustWait(wait);
    attemptOf(request)?.whenOver((outcome) => limit.settle(account, outcome));
  }

  return function accountLimiter(request, response, next) {
    admit(request).then(
      () => next(),
      (error: unknown) => refuse(error, dialect, request, response, next),
    );
  };
}

/** @param wait In milliseconds. */
function mustWait(wait: number): SessionError {
  const message = 'There were too many failed attempts to sign in to this account. Try again later.';
  return new SessionError('too-many-requests', message, { retryAfter: Math.ceil(wait / 1000) });
}
