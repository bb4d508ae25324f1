import type { Router } from 'express';

import { sessionOf, type IdentitySessionManager } from '../../lib';
import { abpRouter } from '../../lib/protocols/abp';
import { isAdministrator } from './accounts';

/** Serves the same sessions to ABP front ends. Users see their own sessions, administrators see all of them. */
export function abpRoutes(manager: IdentitySessionManager): Router {
  return abpRouter(manager, {
    isGranted: (_permission, request) => isAdministrator(sessionOf(request).userId),
    userNameOf: ({ userId }) => userId,
  });
}
