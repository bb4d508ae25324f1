import { randomBytes } from 'node:crypto';
import cookieParser from 'cookie-parser';
import express, { type RequestHandler } from 'express';

import { nothingToStop, type Variant } from './variant';

/** Express alone: what everything else is compared with. */
export const bare = without('bare Express');

/** The same once more. How far its ratio is from 1 says how much the others' are worth. */
export const control = without('bare Express again (control)');

export const withCookieParser = without('Express + cookie-parser', cookieParser());

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** An app that knows nobody. Its cookies are as long as those of this package, because parsing headers costs time. */
function without(name: string, ...middlewares: RequestHandler[]): Variant {
  return {
    name,
    async start() {
      const app = express();
      app.post('/sign-in', (_request, response) => {
        const cookie = `__Host-identity=${randomBytes(16).toString('hex')}.${randomBytes(32).toString('base64url')}`;
        response.setHeader('Set-Cookie', cookie);
        response.json({ userId: NOBODY });
      });
      for (const middleware of middlewares) app.use(middleware);
      app.get('/', (_request, response) => {
        response.json({ userId: NOBODY });
      });
      return { app, stop: nothingToStop };
    },
  };
}
