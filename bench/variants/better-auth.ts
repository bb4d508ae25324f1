import type { IncomingHttpHeaders } from 'node:http';
import express from 'express';
import { Pool } from 'pg';

import { peer } from './peers';
import { requestedUser, type Variant } from './variant';

interface User {
  readonly id: string;
}
interface Auth {
  readonly options: unknown;
  readonly api: {
    getSession(request: { headers: Headers }): Promise<{ user: User } | null>;
    signInForBench(request: {
      body: { user: string };
      returnHeaders: true;
    }): Promise<{ headers: Headers; response: User }>;
  };
}
interface Context {
  readonly body: { readonly user: string };
  readonly context: {
    readonly internalAdapter: {
      createUser(user: object, source: object): Promise<User>;
      createSession(userId: string): Promise<object>;
    };
  };
}
interface BetterAuth {
  readonly betterAuth: (options: object) => Auth;
  readonly getMigrations: (options: unknown) => Promise<{ runMigrations(): Promise<void> }>;
  readonly fromNodeHeaders: (headers: IncomingHttpHeaders) => Headers;
  readonly setSessionCookie: (context: Context, session: { session: object; user: User }) => Promise<void>;
  readonly createAuthEndpoint: (
    path: string,
    options: { readonly method: string },
    handle: (context: Context) => Promise<User>,
  ) => unknown;
}

export const betterAuth = betterAuthWith('better-auth', {});

/** Its documentation uses 5 minutes. This client ignores renewed cookies, so they must live longer than the run. */
export const betterAuthWithCookieCache = betterAuthWith('better-auth, cookie cache', {
  cookieCache: { enabled: true, maxAge: 2 * 3600 },
});

function betterAuthWith(name: string, session: object): Variant {
  return {
    name,
    needs: 'database',
    sessions: 2000,
    async start({ databaseUrl }) {
      const parts = packages();
      const pool = new Pool({ connectionString: databaseUrl });
      const auth = parts.betterAuth({
        baseURL: 'https://bench.example',
        secret: 'a secret of the benchmark, 32 or more characters',
        database: pool,
        session,
        plugins: [{ id: 'bench', endpoints: { signInForBench: signIn(parts) } }],
      });
      await (await parts.getMigrations(auth.options)).runMigrations();

      const app = express();
      app.post('/sign-in', async (request, response) => {
        const { headers, response: user } = await auth.api.signInForBench({
          body: { user: requestedUser(request) },
          returnHeaders: true,
        });
        response.setHeader('Set-Cookie', headers.getSetCookie());
        response.json({ userId: user.id });
      });
      // As in its documentation for Express.
      app.get('/', async (request, response) => {
        const found = await auth.api.getSession({ headers: parts.fromNodeHeaders(request.headers) });
        response.status(found === null ? 401 : 200).json({ userId: found?.user.id });
      });
      return { app, stop: () => pool.end() };
    },
  };
}

/** A sign-in without a password. Hashing thousands of passwords would take minutes, and hashing is not measured. */
function signIn({ createAuthEndpoint, setSessionCookie }: BetterAuth): unknown {
  let users = 0;
  return createAuthEndpoint('/sign-in/bench', { method: 'POST' }, async (context) => {
    const { internalAdapter } = context.context;
    const profile = { email: `${++users}@bench.example`, name: context.body.user, emailVerified: true };
    const user = await internalAdapter.createUser(profile, { method: 'bench' });
    const session = await internalAdapter.createSession(user.id);
    await setSessionCookie(context, { session, user });
    return user;
  });
}

function packages(): BetterAuth {
  const modules = [
    'better-auth',
    'better-auth/db/migration',
    'better-auth/node',
    'better-auth/cookies',
    'better-auth/api',
  ];
  return Object.assign({}, ...modules.map((name) => peer<object>(name))) as BetterAuth;
}
