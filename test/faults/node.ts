/** A node: a host app in a process of its own, as its author would write it. Started by `node-process.ts`. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import IoRedis from 'ioredis';
import knex, { type Knex } from 'knex';
import { Pool } from 'pg';

import { createIdentitySessionManager, type IdentitySessionOptions } from '../../lib';
import { redisHint } from '../../lib/changes/redis';
import { appOn } from '../support/app';
import type { HintKind } from './hint-kind';
import { member } from './multitude';

export interface NodeConfig {
  readonly name: string;
  readonly nodeId: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly database: string;
  /** How many connections the app's pool may have. */
  readonly connections: number;
  /** Where the change log is read and its notices are heard, when not where all else is. */
  readonly changes?: string | undefined;
  readonly hint: HintKind;
  readonly redis?: string | undefined;
  readonly options: Pick<
    IdentitySessionOptions,
    'lease' | 'requestBudget' | 'touchInterval' | 'updateAfterCacheHits' | 'maxSessionsPerUser' | 'cacheSize'
  >;
}

/** What the runner may ask of a node beside requests. It says when it is done. */
export type Order =
  | { readonly block: number }
  | { readonly holdPool: number }
  /** To verify so many members of the multitude. */
  | { readonly verify: number };

/** How many requests a node is asked at once. */
const AT_ONCE = 500;

/** What a node says when it has done what it was asked. */
export const DONE = 'done';

/** Knex says aloud that connections break, as they do here all the time. */
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
  const server = appOn(manager, { limits: { autologin: false, revoke: false } }).listen(
    config.port,
    config.host,
  );
  // A client must not find its connection closed for no other reason than that it was idle.
  server.keepAliveTimeout = 0;
  await once(server, 'listening');

  async function stop(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    // Clients that keep their connections would keep the server.
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
    const sleeping = Array.from({ length: connections }, () =>
      database.raw(`select pg_sleep(${order.holdPool / 1000})`),
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
  // The runner is gone, however it went.
  process.once('disconnect', () => process.exit(1));
  process.on('message', (order: Order) => void obey(order).then(() => process.send!(DONE)));
  process.send!({ port: (server.address() as AddressInfo).port });
}

/** No notices come through a pool that is not Knex's own: nothing makes a connection for them then. */
function databaseOf({ database, name, connections, hint }: NodeConfig): Knex {
  const connection = { connectionString: database, application_name: name };
  if (hint === 'listen') {
    // All of them from the first request on: a fault of the network is to meet questions, not greetings.
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
