import express, { type Request, type RequestHandler } from 'express';

import { peer } from './peers';
import { noCleanup, requestedUser, WEEK, type Variant } from './variant';

type CookieSession = (options: {
  readonly keys: readonly string[];
  readonly maxAge: number;
}) => RequestHandler;

export const cookieSession: Variant = {
  name: 'cookie-session',
  async start() {
    const app = express();
    app.use(peer<CookieSession>('cookie-session')({ keys: ['a key of the benchmark'], maxAge: WEEK }));
    app.post('/sign-in', (request, response) => {
      const userId = requestedUser(request);
      sessionData(request).userId = userId;
      response.json({ userId });
    });
    app.get('/', (request, response) => {
      const { userId } = sessionData(request);
      response.status(userId === undefined ? 401 : 200).json({ userId });
    });
    return { app, stop: noCleanup };
  },
};

function sessionData(request: Request): { userId?: string } {
  return (request as unknown as { session: { userId?: string } }).session;
}
