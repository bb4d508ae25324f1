import express from 'express';
import knex, { type Knex } from 'knex';

import type { IdentitySessionOptions } from '../../lib';
import { builtPackage } from './peers';
import { wantedUser, type Variant } from './variant';

/** This package as its README says. */
export const guarded = guard('express-identity-sessions', (pool) => ({ knex: pool }));

/** With a cache so small that every request of a round robin misses it. */
export const guardedCold = guard('express-identity-sessions, cache missed', (pool) => ({
  knex: pool,
  cacheSize: 1,
}));

/** On the wire of Open-Xchange: a `session` parameter, and a cookie whose name is a hash of the request. */
export const guardedOpenXchange = guard(
  'express-identity-sessions, Open-Xchange',
  (pool) => ({ knex: pool }),
  'openXchange',
);

/** An app with this package's guard, and a manager whose options may need the app's pool. */
export function guard(
  name: string,
  optionsOf: (pool: Knex) => IdentitySessionOptions,
  wire: 'rest' | 'openXchange' = 'rest',
): Variant {
  return {
    name,
    needs: 'database',
    async start({ databaseUrl }) {
      const { createIdentitySessionManager, createSignIn, migrate, rest, sessionSecretGuard } =
        builtPackage();
      const pool = knex({ client: 'pg', connection: databaseUrl });
      await migrate(pool);
      const manager = createIdentitySessionManager(optionsOf(pool));
      const dialectOf = wire === 'rest' ? rest : builtPackage('./open-xchange').openXchange;
      const dialect = dialectOf(manager.settings);
      const signIn = createSignIn(manager, { dialect });

      const app = express();
      app.post('/sign-in', async (request, response) => {
        const { session } = await signIn(request, response, {
          userId: wantedUser(request),
          staySignedIn: true,
        });
        if (wire === 'openXchange') response.location(`/?session=${session.sessionId}`);
        response.json({ userId: session.userId });
      });
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
