import type { Request, RequestHandler } from 'express';

import type { Dialect } from './dialect';
import { SessionError } from '../errors';
import type { Report } from '../events';
import { refuse } from './request';

/**
 * Creates a handler, to be mounted after a guard, that refuses requests for which the app's function returns anything except
 * `true`, or throws.
 */
export function permissionGuard(
  dialect: Dialect,
  isGranted: (request: Request) => boolean | Promise<boolean>,
  report: Report,
): RequestHandler {
  async function check(request: Request): Promise<void> {
    let granted = false;
    try {
      granted = (await isGranted(request)) === true;
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

/** Returns the refusal of a request whose user lacks a permission. */
export function permissionMissing(): SessionError {
  return new SessionError('permission-missing', 'You are not permitted to do this.');
}
