import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import knex from 'knex';

import type { IdentitySessionManager } from '../lib';
import type { Database } from './database';
import { signInOf } from './people';
import { percentile } from './statistics';
import { builtPackage } from './variants/peers';

/** The times from the acknowledged end of a session on one node to the event at a client of another node, in milliseconds. */
export interface ToldDelay {
  readonly stream: string;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** Two nodes on one database, each with a server that has the account page and the REST routes. */
export async function measureTold(database: Database, ends: number): Promise<readonly ToldDelay[]> {
  const url = await database.create();
  const nodes = [await startNode(url), await startNode(url)] as const;
  try {
    const streams = ['/account/events', '/sessions/events'];
    const delays: ToldDelay[] = [];
    for (const stream of streams) {
      const all: number[] = [];
      for (let end = 0; end < ends; end++)
        all.push(await delayOfOne(nodes[0].manager, nodes[1].url + stream, end));
      delays.push({
        stream,
        p50: percentile(all, 50),
        p99: percentile(all, 99),
        longest: Math.max(...all),
      });
    }
    return delays;
  } finally {
    for (const { stop } of nodes) await stop();
  }
}

async function startNode(url: string) {
  const { createIdentitySessionManager, migrate, restRouter } = builtPackage();
  const { accountPage } = builtPackage('./pages');
  const pool = knex({ client: 'pg', connection: url });
  await migrate(pool);
  const manager = createIdentitySessionManager({ knex: pool });
  const app = express();
  app.use('/account', accountPage(manager));
  app.use(restRouter(manager));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await manager.close();
    await pool.destroy();
  };
  return { manager, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

/** The event can arrive before the end is acknowledged. It then took no time. */
async function delayOfOne(ending: IdentitySessionManager, stream: string, count: number): Promise<number> {
  const { session, secret } = await ending.open(signInOf(`user-${count}`, count));
  const headers = { Cookie: `__Host-Http-identity=${session.sessionId}.${secret}` };
  const [response] = (await once(get(stream, { headers }), 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  const received = async (event: string) => {
    let text = '';
    for await (const chunk of response.iterator({ destroyOnReturn: false })) {
      if ((text += chunk).includes(`event: ${event}\n`)) return performance.now();
    }
    throw new Error(`The stream ended without the event ${event}`);
  };
  await received('sessions');
  const told = received('ended');
  await ending.revoke({ owner: session, only: [session.sessionId] });
  const acknowledged = performance.now();
  return Math.max(0, (await told) - acknowledged);
}
