import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import knex from 'knex';

import { createIdentitySessionManager, migrate } from '../../lib';
import { createApp } from './app';
import { instructions } from './instructions';
import { Mailbox } from './mailbox';
import { startEmbeddedPostgres } from './postgres';
import { run } from './run';
import { sessionOptions } from './session-options';

const { DATABASE_URL, HOST, PORT, NODE_ENV, NODE_ID, PUBLIC_URL, TLS_CERT, TLS_KEY } = process.env;

/** The certificate with which the demo answers HTTPS, if there is one. */
const tls = TLS_CERT && TLS_KEY ? { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) } : undefined;

async function main(): Promise<void> {
  const postgres = DATABASE_URL ? undefined : await startEmbeddedPostgres({ persistent: true });
  const database = knex({ client: 'pg', connection: DATABASE_URL || postgres!.url });
  await migrate(database);

  // A development machine usually has no TLS. In production a proxy terminates it. Cookies are then sent over HTTPS only.
  const secure = tls !== undefined || NODE_ENV === 'production';
  const mailbox = new Mailbox();
  const manager = createIdentitySessionManager({
    knex: database,
    cookies: { secure },
    deviceBound: 'optional',
    ...(NODE_ID && { nodeId: NODE_ID }),
    ...sessionOptions({
      mailbox,
      notMeLink: (session) => manager.notMeLink(session, { url: `${PUBLIC_URL || urlOf(server)}/not-me` }),
    }),
  });
  const app = createApp({ manager, mailbox });
  const server = (tls === undefined ? createServer(app) : createTlsServer(tls, app)).listen(
    Number(PORT || 3000),
    HOST || '127.0.0.1',
  );
  await once(server, 'listening');

  const stopped = stopSignal();
  welcome(urlOf(server), secure);
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

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function welcome(url: string, secure: boolean): void {
  console.log(`
The demo is at ${url}${NODE_ID ? ` (node ${NODE_ID})` : ''}
${NODE_ID ? '' : instructions({ secure })}`);
}

run(main);
