import type { Request, RequestHandler } from 'express';

import type { Dialect } from '../../http/dialect';
import { SessionError } from '../../errors';
import type { Report } from '../../events';
import { refuse } from '../../http/request';

/** What ABP calls the permission to see and end everybody's sessions, and to set the rules for them. */
const PERMISSION = 'AbpIdentity.Sessions';

/**
 * Whether the app grants the permission to the user of the request, who is `request.identitySession`. Anything but `true`
 * grants nothing.
 */
export type IsGranted = (permission: typeof PERMISSION, request: Request) => boolean | Promise<boolean>;

/** Behind a guard: lets only those pass to whom the app grants the permission explicitly. */
export function permitted(dialect: Dialect, isGranted: IsGranted, report: Report): RequestHandler {
  async function insist(request: Request): Promise<void> {
    let granted = false;
    try {
      granted = (await isGranted(PERMISSION, request)) === true;
    } catch (error) {
      if (error instanceof SessionError) throw error;
      report({ type: 'failed', task: 'permission', error });
    }
    if (!granted) throw permissionMissing();
  }

  return function permitted(request, response, next) {
    insist(request)
      .then(() => next())
      .catch((error: unknown) => refuse(error, dialect, request, response, next));
  };
}

export function permissionMissing(): SessionError {
  return new SessionError('permission-missing', 'You are not permitted to do this.');
}
