import { setImmediate as nextTick } from 'node:timers/promises';
import { Redis } from 'ioredis';
import knex from 'knex';
import { Pool } from 'pg';

import type { Credentials, IdentitySessionManager } from '../lib';
import type { Database } from './database';
import { signInOf } from './people';
import { percentile } from './statistics';
import { builtPackage } from './variants/peers';

/** The times until another node refuses a revoked session, in milliseconds, and the kind of notification. */
export interface RevocationDelay {
  readonly notifiedBy: NotifiedBy;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

type NotifiedBy = 'LISTEN' | 'Redis' | 'neither';

/** Measures how long another node accepts a session after its revocation was acknowledged. Redis is optional. */
export async function measureRevocations(
  database: Database,
  revocations: number,
): Promise<readonly RevocationDelay[]> {
  const delays = [await delayBy('LISTEN', await database.create(), revocations)];
  if (process.env['REDIS_URL']) delays.push(await delayBy('Redis', await database.create(), revocations));
  // Without notifications, every revocation takes 250 ms on average, so half as many must do.
  delays.push(await delayBy('neither', await database.create(), revocations / 2));
  return delays;
}

/** Measures the same in the database at `url`, with one kind of notification. */
export async function delayBy(
  notifiedBy: NotifiedBy,
  url: string,
  revocations: number,
): Promise<RevocationDelay> {
  const nodes = [await startNode(url, notifiedBy), await startNode(url, notifiedBy)] as const;
  const [one, other] = nodes.map(({ manager }) => manager);
  try {
    const delays: number[] = [];
    for (let revocation = 0; revocation < revocations; revocation++) {
      delays.push(await delayOfOne(one!, other!, revocation));
    }
    return {
      notifiedBy,
      p50: percentile(delays, 50),
      p99: percentile(delays, 99),
      longest: Math.max(...delays),
    };
  } finally {
    for (const { stop } of nodes) await stop();
  }
}

async function startNode(url: string, notifiedBy: NotifiedBy) {
  const { createIdentitySessionManager, migrate } = builtPackage();
  const { redisHint } = builtPackage('./redis');
  // With a pg.Pool instead of Knex's own pool, the package has no dedicated connection and cannot LISTEN.
  const native = new Pool({ connectionString: url });
  const listens = notifiedBy === 'LISTEN';
  const pool = knex({ client: 'pg', ...(listens ? { connection: url } : { connectionPool: native }) });
  await migrate(pool);
  const redis = notifiedBy === 'Redis' ? new Redis(process.env['REDIS_URL']!) : undefined;
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
  while (await accepts(other, credentials)) await nextTick();
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
