import knex, { type Knex } from 'knex';

import type { Credentials } from '../lib';
import type { Database } from './database';
import { inParallel } from './parallel';
import { people, signInOf } from './people';
import { builtPackage } from './variants/peers';

/** Bytes that a session takes in the database, with all indexes. */
export interface SessionStorage {
  readonly signedIn: number;
  /** After its last-accessed time was written some more times. */
  readonly used: number;
  /** The part of the indexes in that. */
  readonly indexes: number;
}

const TIMES_USED = 5;

/** Not all sessions are written at once, but those that are due in one second, scattered over the table. */
const SHARES = 20;

export async function storageOfSessions(database: Database, sessions: number): Promise<SessionStorage> {
  const pool = knex({ client: 'pg', connection: await database.create() });
  try {
    await builtPackage().migrate(pool);
    const credentials = await signIn(pool, sessions);
    const signedIn = await size(pool);
    for (let time = 0; time < TIMES_USED; time++) {
      for (let share = 0; share < SHARES; share++) {
        await use(
          pool,
          credentials.filter((_, index) => index % SHARES === share),
        );
      }
      // As autovacuum does sooner or later.
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

/** A manager that closes has written all last-accessed times. */
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
