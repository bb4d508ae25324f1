import { randomBytes, randomUUID } from 'node:crypto';
import knex, { type Knex } from 'knex';
import { Client } from 'pg';

import type { IdentitySessionOptions } from '../lib';
import type { Database } from './database';
import { people, signInOf } from './people';
import { percentile, ratios, summary, type Summary } from './statistics';
import { builtPackage } from './variants/peers';

export interface SignInTime {
  readonly name: string;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How many times as long as the bare insert just before it takes. */
  readonly ratio: Summary;
}

interface Way {
  readonly name: string;
  readonly step: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

const WARM_UP = 200;

/** Sign-ins one at a time, in turn with a bare, prepared INSERT of such a row by `pg` into the same table. */
export async function timeSignIns(database: Database, rounds: number): Promise<SignInTime[]> {
  const url = await database.create();
  const pool = knex({ client: 'pg', connection: url });
  await builtPackage().migrate(pool);
  const ways = [opening('manager.open()', pool, {})];
  try {
    // The insert needs an example.
    await ways[0]!.step();
    const columns = await exampleRow(pool);
    ways.unshift(await inserting('a bare INSERT by pg', url, columns));
    ways.push(await inserting('a bare INSERT by pg again (control)', url, columns));
    ways.push(
      opening('manager.open(), one session a user', pool, { preventConcurrentLogin: 'LogoutFromAllDevices' }),
    );

    const times = ways.map((): number[] => []);
    for (let round = -WARM_UP; round < rounds; round++) {
      // As autovacuum does within a minute: until then, plans made for an empty table read all of it.
      if (round === 0) await pool.raw('analyze identity_sessions');
      for (const [index, { step }] of ways.entries()) {
        const time = await timed(step);
        if (round >= 0) times[index]!.push(time);
      }
    }
    return ways.map(({ name }, index) => ({
      name,
      p50: percentile(times[index]!, 50),
      p99: percentile(times[index]!, 99),
      ratio: summary(ratios(times[index]!, times[0]!)),
    }));
  } finally {
    for (const { stop } of ways) await stop();
    await pool.destroy();
  }
}

async function timed(step: Way['step']): Promise<number> {
  const began = performance.now();
  await step();
  return performance.now() - began;
}

function opening(name: string, pool: Knex, options: IdentitySessionOptions): Way {
  const manager = builtPackage().createIdentitySessionManager({ knex: pool, ...options });
  const users = people(10_000);
  let count = 0;
  return {
    name,
    step: () => manager.open(signInOf(users[count % users.length]!, count++)),
    stop: async () => {
      await manager.close();
    },
  };
}

/** The columns of a row as text, so that whatever the table has can be written again. */
async function exampleRow(pool: Knex): Promise<Map<string, string | null>> {
  const names = Object.keys(await pool('identity_sessions').columnInfo());
  const selected = names.map((name) => pool.raw('??::text as ??', [name, name]));
  const row = await pool<Record<string, string | null>>('identity_sessions').first(selected);
  return new Map(Object.entries(row!));
}

async function inserting(
  name: string,
  url: string,
  columns: ReadonlyMap<string, string | null>,
): Promise<Way> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const names = [...columns.keys()];
  const parameters = names.map((_, index) => `$${index + 1}`);
  const text = `insert into identity_sessions (${names.join(', ')}) values (${parameters.join(', ')})`;

  return {
    name,
    step: () => {
      const row = new Map(columns)
        .set('session_id', sessionId())
        .set('secret_hash', `\\x${randomBytes(32).toString('hex')}`);
      return client.query({ name: 'bare-insert', text, values: [...row.values()] });
    },
    stop: () => client.end(),
  };
}

/** Laid out by time as the package's own: a random key would make the insert dearer. */
function sessionId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
