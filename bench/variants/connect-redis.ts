import { expressSessionApp } from './express-session';
import { peer } from './peers';
import type { Variant } from './variant';

interface Redis {
  connect(): Promise<unknown>;
  close(): Promise<void>;
}
interface Store {
  clear(): Promise<void>;
}

/** Measured only if `REDIS_URL` is set. */
export const connectRedis: Variant = {
  name: 'connect-redis',
  needs: 'redis',
  async start() {
    const { createClient } = peer<{ createClient: (options: { url: string }) => Redis }>('redis');
    const { RedisStore } = peer<{ RedisStore: new (options: { client: Redis; prefix: string }) => Store }>(
      'connect-redis',
    );
    const client = createClient({ url: process.env['REDIS_URL']! });
    await client.connect();
    const store = new RedisStore({ client, prefix: `eis-bench:${process.pid}:` });
    const stop = async () => {
      await store.clear();
      await client.close();
    };
    return { app: expressSessionApp(store), stop };
  },
};
