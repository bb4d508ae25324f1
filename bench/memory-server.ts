import knex from 'knex';

import type { Credentials, IdentitySessionManager } from '../lib';
import { answerParent } from './child';
import type { SessionMemory } from './memory';
import { inParallel } from './parallel';
import { people, signInOf } from './people';
import { builtPackage } from './variants/peers';

/** Measures the memory of sessions: `memory-server.ts <URL of a database> <number of sessions>`. */
async function main(url: string, sessions: number): Promise<void> {
  const { createIdentitySessionManager, migrate } = builtPackage();
  const pool = knex({ client: 'pg', connection: url });
  await migrate(pool);
  const open = (options: object) => createIdentitySessionManager({ knex: pool, ...options });

  // Use another manager first, so that code and connections are loaded before the first measurement.
  const rehearsal = open({});
  const credentials = await signIn(rehearsal, sessions);
  await visit(rehearsal, credentials, true);
  await rehearsal.close();

  // These options delay all touches until after the last measurement.
  const manager = open({ touchInterval: '6M', updateAfterCacheHits: 1000 });
  await visit(manager, credentials.slice(0, 1), false);
  const before = memoryInUse();
  await visit(manager, credentials, false);
  const cached = memoryInUse();
  await visit(manager, credentials, true);
  const used = memoryInUse();

  answerParent(
    () => undefined,
    async () => {
      await manager.close();
      await pool.destroy();
    },
  );
  process.send!({
    cached: (cached - before) / sessions,
    used: (used - before) / sessions,
  } satisfies SessionMemory);
}

function signIn(manager: IdentitySessionManager, sessions: number): Promise<Credentials[]> {
  const users = people(sessions);
  return inParallel(sessions, async (index) => {
    const { session, secret } = await manager.open(signInOf(users[index]!, index));
    return { sessionId: session.sessionId, secret };
  });
}

async function visit(
  manager: IdentitySessionManager,
  all: readonly Credentials[],
  activity: boolean,
): Promise<void> {
  await inParallel(all.length, async (index) => manager.verify(all[index]!, { activity }));
}

function memoryInUse(): number {
  for (let times = 0; times < 4; times++) gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

void main(process.argv[2]!, Number(process.argv[3]));
