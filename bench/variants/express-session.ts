import express, { type Request, type RequestHandler } from 'express';

import { peer } from './peers';
import { nothingToStop, wantedUser, WEEK, type RunningApp, type Variant } from './variant';

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
    return { app: expressSessionApp(undefined), stop: nothingToStop };
  },
};

/** An app with express-session over a store; `undefined` is its own MemoryStore. */
export function expressSessionApp(store: unknown): RunningApp['app'] {
  const session = peer<ExpressSession>('express-session');
  const app = express();
  app.use(
    session({
      secret: 'a secret of the bench, 32 or more characters',
      // What its README recommends for stores that can touch, as all of these can.
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: WEEK },
      store,
    }),
  );
  app.post('/sign-in', (request, response) => {
    const userId = wantedUser(request);
    kept(request).userId = userId;
    response.json({ userId });
  });
  app.get('/', (request, response) => {
    const { userId } = kept(request);
    response.status(userId === undefined ? 401 : 200).json({ userId });
  });
  return app;
}

function kept(request: Request): { userId?: string } {
  return (request as unknown as { session: { userId?: string } }).session;
}
