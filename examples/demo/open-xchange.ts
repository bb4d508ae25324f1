import { Router } from 'express';

import { sessionOf, sessionSecretGuard, type IdentitySessionManager } from '../../lib';
import { openXchange, openXchangeRouter, type OpenXchangeAccount } from '../../lib/protocols/open-xchange';
import { authenticate } from './accounts';

/** The same accounts and sessions for clients of Open-Xchange, with a route of the app's own as they would ask for it. */
export function openXchangeRoutes(manager: IdentitySessionManager): Router {
  const dialect = openXchange(manager.settings);

  const router = Router();
  router.use(openXchangeRouter(manager, { dialect, authenticate: accountOf }));
  router.get('/config/gui', sessionSecretGuard(manager, { dialect }), (request, response) => {
    response.json({ data: { user: sessionOf(request).userId } });
  });
  return router;
}

/** Names may come with a context, `alice@example.com`; there is only one here, so it makes no difference. */
async function accountOf(name: string, password: string): Promise<OpenXchangeAccount | undefined> {
  const [user = ''] = name.split('@');
  const account = await authenticate(user, password);
  return account && { userId: account.name, userNumber: account.number, contextNumber: 1 };
}
