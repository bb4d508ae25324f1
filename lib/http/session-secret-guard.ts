import type { Request, RequestHandler } from 'express';

import type { Dialect, RequestCredentials } from './dialect';
import { plainRefusal } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { flag } from '../options/checks';
import type { OptionTable } from '../options/reader';
import { refuse, restDialect, VERB_OPTIONS, verbOptions, type VerbOptions } from './request';
import { checkWriteOrigin } from './same-origin';

/** What a guard may be told beside its wire. */
export interface GuardOptions extends VerbOptions {
  /** Whether requests count as use of the session. `true` by default; `false` for what a page asks by itself. */
  readonly activity?: boolean | undefined;
}

export const GUARD_OPTIONS = {
  ...VERB_OPTIONS,
  activity: { default: true, check: flag },
} satisfies OptionTable<GuardOptions>;

/**
 * Lets requests pass that prove possession of a live session, with `request.identitySession` set, and refuses all others.
 * A warm request waits for nothing and costs no query.
 */
export function sessionSecretGuard(
  manager: IdentitySessionManager,
  options: GuardOptions = {},
): RequestHandler {
  const { dialect = restDialect(manager), activity } = verbOptions(
    'sessionSecretGuard',
    manager,
    options,
    GUARD_OPTIONS,
  );
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
