import type { Router } from 'express';

import { sessionOf, type IdentitySessionManager } from '../../lib';
import { abpRouter } from '../../lib/protocols/abp';
import { isAdministrator } from './accounts';

/** The same sessions for front ends of ABP: everybody's own, and for administrators those of everybody. */
export function abpRoutes(manager: IdentitySessionManager): Router {
  return abpRouter(manager, {
    isGranted: (_permission, request) => isAdministrator(sessionOf(request).userId),
    userNameOf: ({ userId }) => userId,
  });
}
