import { Pool } from 'pg';

import { expressSessionApp, type ExpressSession } from './express-session';
import { peer } from './peers';
import type { Variant } from './variant';

interface Store {
  close(): Promise<void>;
}
type ConnectPgSimple = (
  session: ExpressSession,
) => new (options: { readonly pool: Pool; readonly createTableIfMissing: boolean }) => Store;

/** All other options have their defaults: it touches a session on every request and prunes every 15 minutes. */
export const connectPgSimple: Variant = {
  name: 'connect-pg-simple',
  needs: 'database',
  async start({ databaseUrl }) {
    const pool = new Pool({ connectionString: databaseUrl });
    const PgStore = peer<ConnectPgSimple>('connect-pg-simple')(peer<ExpressSession>('express-session'));
    const store = new PgStore({ pool, createTableIfMissing: true });
    const stop = async () => {
      await store.close();
      await pool.end();
    };
    return { app: expressSessionApp(store), stop };
  },
};
