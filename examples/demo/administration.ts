import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express';

import { sessionOf, sessionsOf, type IdentitySessionManager } from '../../lib';
import { accountNames, isAdministrator } from './accounts';
import { administrationPage } from './pages/administration';
import { notice } from './pages/notices';

/** Where administrators see and end everybody's sessions. Mounted behind the guard. */
export function administration(manager: IdentitySessionManager): Router {
  const router = Router();
  router.use(administratorsOnly);
  router.get('/', showEverybody(manager));
  router.post('/users/:name/sessions/:id/end', endSession(manager));
  return router;
}

function administratorsOnly(request: Request, response: Response, next: NextFunction): void {
  if (isAdministrator(sessionOf(request).userId)) next();
  else response.status(403).json({ title: 'Forbidden', status: 403, detail: 'This is for administrators.' });
}

function showEverybody(manager: IdentitySessionManager): RequestHandler {
  return async function showEverybody(request, response) {
    const current = sessionOf(request);
    const people = accountNames().map(async (name) => {
      const sessions = await manager.list({ userId: name });
      return { name, sessions: sessions.map((session) => manager.describe(session)) };
    });
    response.send(
      administrationPage({
        user: current.userId,
        isAdministrator: true,
        currentId: current.sessionId,
        people: await Promise.all(people),
        notice: notice(request.query['notice']),
      }),
    );
  };
}

function endSession(manager: IdentitySessionManager): RequestHandler<{ name: string; id: string }> {
  return async function endSession(request, response) {
    const { name, id } = request.params;
    const by = sessionOf(request).userId;
    await manager.revoke(sessionsOf({ userId: name }, [id]), { reason: 'administrator', by });
    response.redirect(303, '/admin?notice=ended');
  };
}
