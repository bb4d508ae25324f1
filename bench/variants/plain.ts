import { randomBytes } from 'node:crypto';
import cookieParser from 'cookie-parser';
import express, { type RequestHandler } from 'express';

import { noCleanup, type Variant } from './variant';

/** Express alone. All other variants are compared with it. */
export const plain = without('plain Express');

/** The same again. The distance of its ratio from 1 shows the accuracy of all ratios. */
export const control = without('plain Express again (control)');

export const withCookieParser = without('Express + cookie-parser', cookieParser());

/**
 * The least that a middleware for sessions can do: it sets one property of the request, and reads the address of the client. The
 * guard is compared with it.
 */
export const withEmptyMiddleware = without('Express + an empty middleware', (request, _response, next) => {
  (request as { session?: unknown }).session = request.ip;
  next();
});

const USER_ID = '00000000-0000-4000-8000-000000000000';

/** Returns an app without sessions. Its cookies are as long as those of this package, because parsing them takes time. */
function without(name: string, ...middlewares: RequestHandler[]): Variant {
  return {
    name,
    async start() {
      const app = express();
      app.post('/sign-in', (_request, response) => {
        const cookie = `__Host-identity=${randomBytes(16).toString('hex')}.${randomBytes(32).toString('base64url')}`;
        response.setHeader('Set-Cookie', cookie);
        response.json({ userId: USER_ID });
      });
      for (const middleware of middlewares) app.use(middleware);
      app.get('/', (_request, response) => {
        response.json({ userId: USER_ID });
      });
      return { app, stop: noCleanup };
    },
  };
}
