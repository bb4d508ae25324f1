import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import knex from 'knex';

import { createIdentitySessionManager, migrate } from '../../lib';
import { createApp } from './app';
import { instructions } from './instructions';
import { startEmbeddedPostgres } from './postgres';
import { run } from './run';

const { DATABASE_URL, HOST, PORT, NODE_ENV, NODE_ID } = process.env;

async function main(): Promise<void> {
  const postgres = DATABASE_URL ? undefined : await startEmbeddedPostgres({ persistent: true });
  const database = knex({ client: 'pg', connection: DATABASE_URL || postgres!.url });
  await migrate(database);

  // A development machine has no TLS. In production a proxy terminates TLS, and cookies are sent over HTTPS only.
  const secure = NODE_ENV === 'production';
  const manager = createIdentitySessionManager({
    knex: database,
    cookies: { secure },
    ...(NODE_ID && { nodeId: NODE_ID }),
  });
  const server = createServer(createApp({ manager })).listen(Number(PORT || 3000), HOST || '127.0.0.1');
  await once(server, 'listening');

  const stopped = stopSignal();
  welcome(server.address() as AddressInfo, secure);
  await stopped;

  await stopListening(server);
  await manager.close();
  await database.destroy();
  await postgres?.stop();
}

/** Resolves at the first SIGINT or SIGTERM. Later signals are ignored, so that they do not interrupt the shutdown. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
}

/** Closes the server. Running requests have one second to finish, then all connections are closed. Browsers keep idle ones open. */
async function stopListening(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  setTimeout(() => server.closeAllConnections(), 1000).unref();
  await closed;
}

function welcome({ address, family, port }: AddressInfo, secure: boolean): void {
  const host = family === 'IPv6' ? `[${address}]` : address;
  console.log(`
The demo is at http://${host}:${port}${NODE_ID ? ` (node ${NODE_ID})` : ''}
${NODE_ID ? '' : instructions({ secure })}`);
}

run(main);
