/** A node: a host app in a process of its own, as its author would write it. Started by `node-process.ts`. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import knex from 'knex';

import { createIdentitySessionManager, type IdentitySessionOptions } from '../../lib';
import { appOn } from '../support/app';

export interface NodeConfig {
  readonly name: string;
  readonly nodeId: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly database: string;
  readonly options: Pick<
    IdentitySessionOptions,
    'lease' | 'requestBudget' | 'touchInterval' | 'maxSessionsPerUser' | 'cacheSize'
  >;
}

/** What the runner may ask of a node beside requests. */
export type Order = { readonly block: number } | { readonly holdPool: number };

/** How many connections the app's pool may have. */
const POOL = 5;

/** Knex says aloud that connections break, as they do here all the time. */
const QUIET = { warn: () => undefined, error: () => undefined };

async function main(config: NodeConfig): Promise<void> {
  const database = knex({
    client: 'pg',
    connection: { connectionString: config.database, application_name: config.name },
    // All of them from the first request on: a fault of the network is to meet questions, not greetings.
    pool: { min: POOL, max: POOL },
    log: QUIET,
  });
  const manager = createIdentitySessionManager({
    knex: database,
    nodeId: config.nodeId,
    location: false,
    report: () => undefined,
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
    await database.destroy();
  }

  async function obey(order: Order): Promise<void> {
    if ('block' in order) {
      const until = performance.now() + order.block;
      while (performance.now() < until);
      return;
    }
    const sleeping = Array.from({ length: POOL }, () =>
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
  process.on('message', (order: Order) => void obey(order));
  process.send!({ port: (server.address() as AddressInfo).port });
}

main(JSON.parse(process.env['FAULTS_NODE'] ?? '{}') as NodeConfig).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
