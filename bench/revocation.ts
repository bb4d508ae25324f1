import { setImmediate as turn } from 'node:timers/promises';
import knex from 'knex';

import type { Credentials, IdentitySessionManager } from '../lib';
import type { Database } from './database';
import { signInOf } from './people';
import { percentile } from './statistics';
import { builtPackage } from './variants/peers';

/** In milliseconds. */
export interface RevocationDelay {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** How long another node goes on accepting a session whose revocation has been acknowledged. */
export async function delayOfRevocations(database: Database, revocations: number): Promise<RevocationDelay> {
  const url = await database.create();
  const pools = [knex({ client: 'pg', connection: url }), knex({ client: 'pg', connection: url })] as const;
  await builtPackage().migrate(pools[0]);
  const [one, other] = pools.map((pool) => builtPackage().createIdentitySessionManager({ knex: pool }));
  try {
    const delays: number[] = [];
    for (let revocation = 0; revocation < revocations; revocation++) {
      delays.push(await delayOfOne(one!, other!, revocation));
    }
    return { p50: percentile(delays, 50), p99: percentile(delays, 99), longest: Math.max(...delays) };
  } finally {
    await Promise.all([one!.close(), other!.close()]);
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
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
