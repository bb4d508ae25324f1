import express from 'express';
import knex, { type Knex } from 'knex';

import type { IdentitySessionOptions } from '../../lib';
import { builtPackage } from './peers';
import { requestedUser, type Variant } from './variant';

/** This package as in its README. */
export const guarded = guardedApp('express-identity-sessions', (pool) => ({ knex: pool }));

/** The cache is so small that every request misses it if the sessions are used in turn. */
export const guardedCold = guardedApp('express-identity-sessions, cache missed', (pool) => ({
  knex: pool,
  cacheSize: 1,
}));

/** A cache for a million sessions. Without places, which take 140 MB. */
export const guardedMany = guardedApp('express-identity-sessions, large cache', (pool) => ({
  knex: pool,
  cacheSize: 1_200_000,
  location: false,
}));

/** The Open-Xchange protocol: a `session` parameter, and a cookie whose name contains a hash of request properties. */
export const guardedOpenXchange = guardedApp(
  'express-identity-sessions, Open-Xchange',
  (pool) => ({ knex: pool }),
  { protocol: 'openXchange' },
);

/** Secrets rotate, and sessions are bound to the devices of their browsers. */
export const guardedBound = guardedApp(
  'express-identity-sessions, rotation and device binding',
  (pool) => ({ knex: pool, rotateAfter: '24H', deviceBound: 'optional' }),
  { bindable: true },
);

/** The same app with neither. */
export const guardedUnbound = guardedApp(
  'express-identity-sessions, neither rotation nor device binding',
  (pool) => ({ knex: pool, rotateAfter: false, deviceBound: 'off' }),
  { bindable: true },
);

interface GuardedApp {
  readonly protocol?: 'rest' | 'openXchange';
  /** Mounts the route of device binding, which costs each request a comparison of paths. */
  readonly bindable?: boolean;
}

/** Returns an app with this package's guard. The options of its manager can use the app's pool. */
export function guardedApp(
  name: string,
  optionsOf: (pool: Knex) => IdentitySessionOptions,
  { protocol = 'rest', bindable = false }: GuardedApp = {},
): Variant {
  return {
    name,
    needs: 'database',
    async start({ databaseUrl }) {
      const { createIdentitySessionManager, createSignIn, deviceBinding, migrate, rest, sessionSecretGuard } =
        builtPackage();
      const pool = knex({ client: 'pg', connection: databaseUrl });
      await migrate(pool);
      const manager = createIdentitySessionManager(optionsOf(pool));
      const dialectOf = protocol === 'rest' ? rest : builtPackage('./open-xchange').openXchange;
      const dialect = dialectOf(manager.settings);
      const signIn = createSignIn(manager, { dialect });

      const app = express();
      app.post('/sign-in', async (request, response) => {
        const { session } = await signIn(request, response, {
          userId: requestedUser(request),
          staySignedIn: true,
        });
        if (protocol === 'openXchange') response.location(`/?session=${session.sessionId}`);
        response.json({ userId: session.userId });
      });
      if (bindable) app.post(manager.settings.bindingPath, deviceBinding(manager));
      app.use(sessionSecretGuard(manager, { dialect }));
      app.get('/', (request, response) => {
        response.json({ userId: request.identitySession!.userId });
      });

      const stop = async () => {
        await manager.close();
        await pool.destroy();
      };
      return { app, stop };
    },
  };
}
