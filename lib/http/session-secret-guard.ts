import type { Request, RequestHandler } from 'express';

import type { Dialect, RequestCredentials } from './dialect';
import { plainRefusal } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import type { Names } from '../options/reader';
import { dialectOf, refuse, VERB_OPTIONS, type VerbOptions } from './request';
import { checkWriteOrigin } from './same-origin';

/** What a guard may be told beside its wire. */
export interface GuardOptions extends VerbOptions {
  /** Whether requests count as use of the session. `true` by default; `false` for what a page asks by itself. */
  readonly activity?: boolean | undefined;
}

/** The names, so that a misspelt one is noticed. */
export const GUARD_OPTIONS: Names<GuardOptions> = { ...VERB_OPTIONS, activity: true };

/**
 * Lets requests pass that prove possession of a live session, with `request.identitySession` set, and refuses all others.
 * A warm request waits for nothing and costs no query.
 */
export function sessionSecretGuard(
  manager: IdentitySessionManager,
  options: GuardOptions = {},
): RequestHandler {
  const dialect = dialectOf('sessionSecretGuard', manager, options, GUARD_OPTIONS);
  const { activity = true } = options;
  const { origins } = manager.settings;

  return function sessionSecretGuard(request, response, next) {
    const refused = (error: unknown) => refuse(error, dialect, request, response, next);
    try {
      const credentials = readCredentials(request, dialect, origins);
      const verified = manager.verify(credentials, { ipAddress: request.ip, activity });
      if (verified instanceof Promise) {
        verified
          .then((session) => {
            request.identitySession = session;
            next();
          })
          .catch(refused);
        return;
      }
      request.identitySession = verified;
    } catch (error) {
      refused(error);
      return;
    }
    next();
  };
}

/** @throws SessionError `credentials-missing`, `cross-site`, and what the dialect throws */
function readCredentials(request: Request, dialect: Dialect, origins: readonly string[]): RequestCredentials {
  const credentials = dialect.credentials(request);
  if (credentials === undefined) throw plainRefusal('credentials-missing');
  if (dialect.sameOrigin && credentials.transport === 'cookie') checkWriteOrigin(request, origins);
  return credentials;
}
