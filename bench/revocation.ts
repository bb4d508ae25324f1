import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import knex from 'knex';
import { Pool } from 'pg';

import type { Credentials, IdentitySessionManager } from '../lib';
import type { Database } from './database';
import { signInOf } from './people';
import { percentile } from './statistics';
import { builtPackage } from './variants/peers';

/** By what the other node hears of it, and how long that takes, in milliseconds. */
export interface RevocationDelay {
  readonly way: Way;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

type Way = 'LISTEN' | 'Redis' | 'neither';

/** How long another node goes on accepting a session whose revocation has been acknowledged; by Redis if there is one. */
export async function delayOfRevocations(
  database: Database,
  revocations: number,
): Promise<readonly RevocationDelay[]> {
  const delays = [await delayBy('LISTEN', database, revocations)];
  if (process.env['REDIS_URL']) delays.push(await delayBy('Redis', database, revocations));
  // Without any hint it takes a quarter of a second on average, and so would the measurement.
  delays.push(await delayBy('neither', database, revocations / 2));
  return delays;
}

async function delayBy(way: Way, database: Database, revocations: number): Promise<RevocationDelay> {
  const url = await database.create();
  const nodes = [await startNode(url, way), await startNode(url, way)] as const;
  const [one, other] = nodes.map(({ manager }) => manager);
  try {
    const delays: number[] = [];
    for (let revocation = 0; revocation < revocations; revocation++) {
      delays.push(await delayOfOne(one!, other!, revocation));
    }
    return { way, p50: percentile(delays, 50), p99: percentile(delays, 99), longest: Math.max(...delays) };
  } finally {
    for (const { stop } of nodes) await stop();
  }
}

async function startNode(url: string, way: Way) {
  const { createIdentitySessionManager, migrate } = builtPackage();
  const { redisHint } = builtPackage('./redis');
  // A pool that is not Knex's gives no connection that could LISTEN.
  const native = new Pool({ connectionString: url });
  const listens = way === 'LISTEN';
  const pool = knex({ client: 'pg', ...(listens ? { connection: url } : { connectionPool: native }) });
  await migrate(pool);
  const redis = way === 'Redis' ? new Redis(process.env['REDIS_URL']!) : undefined;
  const manager = createIdentitySessionManager({ knex: pool, ...(redis && { hint: redisHint(redis) }) });
  const stop = async () => {
    await manager.close();
    redis?.disconnect();
    await pool.destroy();
    await native.end();
  };
  return { manager, stop };
}

async function delayOfOne(
  one: IdentitySessionManager,
  other: IdentitySessionManager,
  count: number,
): Promise<number> {
  const { session, secret } = await one.open(signInOf(`user-${count}`, count));
  const credentials = { sessionId: session.sessionId, secret };
  await other.verify(credentials);
  await one.revoke({ owner: session, only: [session.sessionId] });
  const acknowledged = performance.now();
  while (await accepts(other, credentials)) await turn();
  return performance.now() - acknowledged;
}

async function accepts(manager: IdentitySessionManager, credentials: Credentials): Promise<boolean> {
  try {
    await manager.verify(credentials);
    return true;
  } catch {
    return false;
  }
}
