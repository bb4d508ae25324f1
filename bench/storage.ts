import knex, { type Knex } from 'knex';

import type { Credentials } from '../lib';
import type { Database } from './database';
import { inParallel } from './parallel';
import { people, signInOf } from './people';
import { builtPackage } from './variants/peers';

/** The size of a session in the database with all indexes, in bytes. */
export interface SessionStorage {
  readonly signedIn: number;
  /** The size after its last-accessed time was written several times. */
  readonly used: number;
  /** The size of the indexes, as part of `used`. */
  readonly indexes: number;
}

const TIMES_USED = 5;

/** The number of groups in which sessions are touched. In an app too, touches of one second are spread over the table. */
const GROUPS = 20;

export async function measureStorage(database: Database, sessions: number): Promise<SessionStorage> {
  const pool = knex({ client: 'pg', connection: await database.create() });
  try {
    await builtPackage().migrate(pool);
    const credentials = await signIn(pool, sessions);
    const signedIn = await size(pool);
    for (let time = 0; time < TIMES_USED; time++) {
      for (let group = 0; group < GROUPS; group++) {
        await use(
          pool,
          credentials.filter((_, index) => index % GROUPS === group),
        );
      }
      // Autovacuum would do this too.
      await pool.raw('vacuum identity_sessions');
    }
    const used = await size(pool);
    return { signedIn: signedIn.all / sessions, used: used.all / sessions, indexes: used.indexes / sessions };
  } finally {
    await pool.destroy();
  }
}

async function signIn(pool: Knex, sessions: number): Promise<Credentials[]> {
  const manager = builtPackage().createIdentitySessionManager({ knex: pool });
  const users = people(sessions);
  const credentials = await inParallel(sessions, async (index) => {
    const { session, secret } = await manager.open(signInOf(users[index]!, index));
    return { sessionId: session.sessionId, secret };
  });
  await manager.close();
  return credentials;
}

/** Uses the sessions once. Closing the manager writes their last-accessed times. */
async function use(pool: Knex, credentials: readonly Credentials[]): Promise<void> {
  const manager = builtPackage().createIdentitySessionManager({ knex: pool });
  await inParallel(credentials.length, async (index) => manager.verify(credentials[index]!));
  await manager.close();
}

async function size(pool: Knex): Promise<{ all: number; indexes: number }> {
  const { rows } = await pool.raw<{ rows: { all: string; indexes: string }[] }>(
    `select pg_total_relation_size('identity_sessions') as all, pg_indexes_size('identity_sessions') as indexes`,
  );
  return { all: Number(rows[0]!.all), indexes: Number(rows[0]!.indexes) };
}
