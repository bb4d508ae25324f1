import express, { type Request, type RequestHandler } from 'express';

import { peer } from './peers';
import { noCleanup, requestedUser, WEEK, type RunningApp, type Variant } from './variant';

interface SessionOptions {
  readonly secret: string;
  readonly resave: boolean;
  readonly saveUninitialized: boolean;
  readonly cookie: { readonly maxAge: number };
  readonly store?: unknown;
}

export type ExpressSession = (options: SessionOptions) => RequestHandler;

export const expressSessionInMemory: Variant = {
  name: 'express-session, MemoryStore',
  async start() {
    return { app: expressSessionApp(undefined), stop: noCleanup };
  },
};

/** Returns an app with express-session and a store. `undefined` selects its own MemoryStore. */
export function expressSessionApp(store: unknown): RunningApp['app'] {
  const session = peer<ExpressSession>('express-session');
  const app = express();
  app.use(
    session({
      secret: 'a secret of the benchmark, 32 or more characters',
      // Its README recommends this for stores that implement `touch`, as all of these do.
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: WEEK },
      store,
    }),
  );
  app.post('/sign-in', (request, response) => {
    const userId = requestedUser(request);
    sessionData(request).userId = userId;
    response.json({ userId });
  });
  app.get('/', (request, response) => {
    const { userId } = sessionData(request);
    response.status(userId === undefined ? 401 : 200).json({ userId });
  });
  return app;
}

function sessionData(request: Request): { userId?: string } {
  return (request as unknown as { session: { userId?: string } }).session;
}
