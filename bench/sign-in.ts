import { randomBytes, randomUUID } from 'node:crypto';
import knex, { type Knex } from 'knex';
import { Client } from 'pg';

import type { IdentitySessionOptions } from '../lib';
import type { Database } from './database';
import { people, signInOf } from './people';
import { percentile, ratios, summary, timed, type Summary } from './statistics';
import { builtPackage } from './variants/peers';

export interface SignInTime {
  readonly name: string;
  /** The percentiles in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** The time relative to the plain INSERT of the same round. */
  readonly ratio: Summary;
  /** The time relative to a sign-in of the same round that writes no trail. */
  readonly trail: Summary;
}

interface Operation {
  readonly name: string;
  readonly step: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

const WARM_UP = 200;

const WITHOUT_TRAIL = 'manager.open(), no trail';

/** A schema with the same tables, but without the trigger that writes sign-ins to the trail. */
const UNTRAILED = 'untrailed';

/**
 * Measures one sign-in at a time, alternating with a prepared INSERT of the same row by `pg` into an equal table that writes no
 * trail.
 */
export async function timeSignIns(database: Database, rounds: number): Promise<SignInTime[]> {
  const url = await database.create();
  const pool = knex({ client: 'pg', connection: url });
  await builtPackage().migrate(pool);
  await builtPackage().migrate(pool, { schema: UNTRAILED });
  await pool.raw('drop trigger identity_session_opened on untrailed.identity_sessions');
  const operations = [opening('manager.open()', pool, {})];
  try {
    // The INSERT copies the columns of this session.
    await operations[0]!.step();
    const columns = await exampleRow(pool);
    operations.unshift(await inserting('plain INSERT by pg', url, columns));
    operations.push(await inserting('plain INSERT by pg again (control)', url, columns));
    operations.push(
      opening('manager.open(), one session per user', pool, {
        preventConcurrentLogin: 'LogoutFromAllDevices',
      }),
    );

    operations.push(opening(WITHOUT_TRAIL, pool, { schema: UNTRAILED }));

    const times = operations.map((): number[] => []);
    for (let round = -WARM_UP; round < rounds; round++) {
      // Autovacuum would do this within a minute. Until then, plans for an empty table scan the whole table.
      if (round === 0) await pool.raw('analyze identity_sessions; analyze untrailed.identity_sessions');
      for (const [index, { step }] of operations.entries()) {
        const time = await timed(step);
        if (round >= 0) times[index]!.push(time);
      }
    }
    const withoutTrail = times[operations.findIndex(({ name }) => name === WITHOUT_TRAIL)]!;
    return operations.map(({ name }, index) => ({
      name,
      p50: percentile(times[index]!, 50),
      p99: percentile(times[index]!, 99),
      ratio: summary(ratios(times[index]!, times[0]!)),
      trail: summary(ratios(times[index]!, withoutTrail)),
    }));
  } finally {
    for (const { stop } of operations) await stop();
    await pool.destroy();
  }
}

function opening(name: string, pool: Knex, options: IdentitySessionOptions): Operation {
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

/** Returns the columns of a row as text, so that the INSERT works for all columns of the table. */
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
): Promise<Operation> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const names = [...columns.keys()];
  const parameters = names.map((_, index) => `$${index + 1}`);
  const text = `insert into ${UNTRAILED}.identity_sessions (${names.join(', ')}) values (${parameters.join(', ')})`;

  return {
    name,
    step: () => {
      const row = new Map(columns)
        .set('session_id', sessionId())
        .set('secret_hash', `\\x${randomBytes(32).toString('hex')}`);
      return client.query({ name: 'plain-insert', text, values: [...row.values()] });
    },
    stop: () => client.end(),
  };
}

/** Returns a time-ordered id like those of the package. A random key would make the INSERT slower. */
function sessionId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
