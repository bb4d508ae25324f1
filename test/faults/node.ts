/** A node: an app that uses the package, in its own process. `node-process.ts` starts it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import IoRedis from 'ioredis';
import knex, { type Knex } from 'knex';
import { Pool } from 'pg';

import { createIdentitySessionManager, type IdentitySessionOptions } from '../../lib';
import { redisHint } from '../../lib/changes/redis';
import type { RotationRules } from '../../lib/session/secret-rotation';
import { appOn } from '../support/app';
import type { HintKind } from './hint-kind';
import { member } from './many-sessions';

export interface NodeConfig {
  readonly name: string;
  readonly nodeId: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly database: string;
  /** The size of the app's pool. */
  readonly connections: number;
  /** The database URL for reading the change log and for notifications, if it differs from `database`. */
  readonly changes?: string | undefined;
  readonly hint: HintKind;
  readonly redis?: string | undefined;
  /** Shorter times than the options allow, because no browser here loses cookies for 30 seconds. */
  readonly rotation?: RotationRules | undefined;
  readonly options: Pick<
    IdentitySessionOptions,
    'lease' | 'requestBudget' | 'touchInterval' | 'updateAfterCacheHits' | 'maxSessionsPerUser' | 'cacheSize'
  >;
}

/** Orders of the runner. The node sends a message when it has executed one. Times are in milliseconds. */
export type Order =
  | { readonly block: number }
  | { readonly holdPool: number }
  /** Verify the given number of numbered sessions. */
  | { readonly verify: number };

/** The number of sessions that are verified in parallel. */
const AT_ONCE = 500;

/** The message that a node sends after it executed an order. */
const DONE = 'done';

/** Knex logs broken connections, which happen all the time here. */
const QUIET = { warn: () => undefined, error: () => undefined };

async function main(config: NodeConfig): Promise<void> {
  const { name, connections, changes } = config;
  const database = databaseOf(config);
  const redis = config.redis === undefined ? undefined : new IoRedis(config.redis);
  redis?.on('error', () => undefined);
  const manager = createIdentitySessionManager({
    knex: database,
    nodeId: config.nodeId,
    location: false,
    report: () => undefined,
    ...(changes && { changesConnection: { connectionString: changes, application_name: name } }),
    ...(redis && { hint: redisHint(redis) }),
    ...config.options,
  });
  Object.assign(manager.settings.rotation, config.rotation);
  const server = appOn(manager, { limits: { autologin: false, revoke: false } }).listen(
    config.port,
    config.host,
  );
  // The server must not close idle connections, because a client could send a request at that moment.
  server.keepAliveTimeout = 0;
  await once(server, 'listening');

  async function stop(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    // Idle keep-alive connections would keep the server open.
    const closing = setInterval(() => server.closeIdleConnections(), 20);
    await closed;
    clearInterval(closing);
    await manager.close();
    redis?.disconnect();
    await database.destroy();
  }

  async function obey(order: Order): Promise<void> {
    if ('block' in order) {
      const until = performance.now() + order.block;
      while (performance.now() < until);
      return;
    }
    if ('verify' in order) {
      for (let asked = 0; asked < order.verify; asked += AT_ONCE) {
        const some = Array.from({ length: AT_ONCE }, async (_, i) => manager.verify(member(asked + i)));
        await Promise.allSettled(some);
      }
      return;
    }
    await holdPool(order.holdPool);
  }

  /** Uses all connections of the pool for a time in milliseconds, and so opens those that are not open. */
  async function holdPool(time: number): Promise<void> {
    const sleeping = Array.from({ length: connections }, () =>
      database.raw(`select pg_sleep(${time / 1000})`),
    );
    await Promise.allSettled(sleeping);
  }

  process.once('SIGTERM', () => {
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  // The runner has ended.
  process.once('disconnect', () => process.exit(1));
  process.on('message', (order: Order) => void obey(order).then(() => process.send!(DONE)));
  if (config.hint === 'listen') void holdPool(100);
  process.send!({ port: (server.address() as AddressInfo).port });
}

/** The package opens no connection for notifications if Knex uses a native pool, so that pool is used without LISTEN. */
function databaseOf({ database, name, connections, hint }: NodeConfig): Knex {
  const connection = { connectionString: database, application_name: name };
  if (hint === 'listen') {
    // Connections that are open stay open, so that faults hit statements and not connection set-up.
    return knex({ client: 'pg', connection, pool: { min: connections, max: connections }, log: QUIET });
  }
  const native = new Pool({ ...connection, max: connections });
  native.on('error', () => undefined);
  return knex({ client: 'pg', connectionPool: native, log: QUIET } as Knex.Config);
}

main(JSON.parse(process.env['FAULTS_NODE'] ?? '{}') as NodeConfig).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
