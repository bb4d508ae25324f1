import { Router } from 'express';

import { sessionOf, sessionSecretGuard, type IdentitySessionManager } from '../../lib';
import { openXchange, openXchangeRouter, type OpenXchangeAccount } from '../../lib/protocols/open-xchange';
import { authenticate } from './accounts';

/** Serves the same accounts and sessions to Open-Xchange clients, with one route of the app itself behind the guard. */
export function openXchangeRoutes(manager: IdentitySessionManager): Router {
  const dialect = openXchange(manager.settings);

  const router = Router();
  router.use(openXchangeRouter(manager, { dialect, authenticate: accountOf }));
  router.get('/config/gui', sessionSecretGuard(manager, { dialect }), (request, response) => {
    response.json({ data: { user: sessionOf(request).userId } });
  });
  return router;
}

/**
 * Accepts names with a context, such as `alice@example.com`. The context is ignored, because there is only one here. The tenant
 * is null, as for the sign-ins of the demo's pages, so that both show the same sessions.
 */
async function accountOf(name: string, password: string): Promise<OpenXchangeAccount | undefined> {
  const [user = ''] = name.split('@');
  const account = await authenticate(user, password);
  return account && { userId: account.name, tenantId: null, userNumber: account.number, contextNumber: 1 };
}
