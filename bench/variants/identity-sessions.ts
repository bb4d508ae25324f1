import express from 'express';
import knex from 'knex';

import type { IdentitySessionOptions } from '../../lib';
import { builtPackage } from './peers';
import { wantedUser, type Variant } from './variant';

/** This package as its README says. */
export const guarded = guard('express-identity-sessions', {});

/** With a cache so small that every request of a round robin misses it. */
export const guardedCold = guard('express-identity-sessions, cache missed', { cacheSize: 1 });

/** On the wire of Open-Xchange: a `session` parameter, and a cookie whose name is a hash of the request. */
export const guardedOpenXchange = guard('express-identity-sessions, Open-Xchange', {}, 'openXchange');

function guard(
  name: string,
  options: IdentitySessionOptions,
  wire: 'rest' | 'openXchange' = 'rest',
): Variant {
  return {
    name,
    needs: 'database',
    async start({ databaseUrl }) {
      const sessions = builtPackage();
      const { createIdentitySessionManager, createSignIn, migrate, sessionSecretGuard } = sessions;
      const pool = knex({ client: 'pg', connection: databaseUrl });
      await migrate(pool);
      const manager = createIdentitySessionManager({ knex: pool, ...options });
      const dialect = sessions[wire](manager.settings);
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
