import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express';

import { prefersHtml, sessionOf, sessionsOf, type IdentitySessionManager } from '../../lib';
import { accountNames, isAdministrator } from './accounts';
import { administrationPage } from './pages/administration';
import { notice } from './pages/notices';
import { problemPage } from './pages/problem';

/** Lets administrators see and end the sessions of all users. Mount it behind the guard. */
export function administration(manager: IdentitySessionManager): Router {
  const router = Router();
  router.use(administratorsOnly);
  router.get('/', showAllUsers(manager));
  router.post('/users/:name/sessions/:id/end', endSession(manager));
  return router;
}

function administratorsOnly(request: Request, response: Response, next: NextFunction): void {
  if (isAdministrator(sessionOf(request).userId)) {
    next();
    return;
  }
  const detail = 'Only administrators can open this page.';
  response.status(403);
  if (prefersHtml(request)) response.send(problemPage('Forbidden', detail));
  else response.type('application/problem+json').json({ title: 'Forbidden', status: 403, detail });
}

function showAllUsers(manager: IdentitySessionManager): RequestHandler {
  return async function showAllUsers(request, response) {
    const current = sessionOf(request);
    const users = accountNames().map(async (name) => {
      const { sessions } = await manager.list({ userId: name });
      return { name, sessions: sessions.map((session) => manager.describe(session)) };
    });
    response.send(
      administrationPage({
        user: current.userId,
        isAdministrator: true,
        currentId: current.sessionId,
        users: await Promise.all(users),
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
