import type { Request, RequestHandler } from 'express';

import { SessionError } from '../../errors';
import type { Report } from '../../events';
import type { Dialect } from '../../http/dialect';
import { refuse } from '../../http/request';

/** ABP's name of the permission to see and end the sessions of all users, and to change the settings. */
const PERMISSION = 'AbpIdentity.Sessions';

/**
 * The app's function that decides if the request's user has a permission. The user's session is `request.identitySession`.
 * Only the result `true` grants the permission.
 */
export type IsGranted = (permission: typeof PERMISSION, request: Request) => boolean | Promise<boolean>;

/** Creates a handler, to be mounted after a guard, that refuses requests of users without the permission. */
export function permissionGuard(dialect: Dialect, isGranted: IsGranted, report: Report): RequestHandler {
  async function check(request: Request): Promise<void> {
    let granted = false;
    try {
      granted = (await isGranted(PERMISSION, request)) === true;
    } catch (error) {
      if (error instanceof SessionError) throw error;
      report({ type: 'failed', task: 'permission', error });
    }
    if (!granted) throw permissionMissing();
  }

  return function permissionGuard(request, response, next) {
    check(request)
      .then(() => next())
      .catch((error: unknown) => refuse(error, dialect, request, response, next));
  };
}

export function permissionMissing(): SessionError {
  return new SessionError('permission-missing', 'You are not permitted to do this.');
}
