import knexOf, { type Knex } from 'knex';
import { Pool } from 'pg';

import type { Changes, ChangeSet } from '../../lib/changes/changes';
import type { Hint } from '../../lib/changes/hint';
import { LOG_RETENTION, postgresChangeLog, postgresChanges, postgresHint } from '../../lib/changes/postgres';
import { appConnections } from '../../lib/database/knex';
import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { StatementRunner } from '../../lib/database/statement-runner';
import { TableSchema } from '../../lib/database/table-schema';
import { mintSessionId } from '../../lib/session/credentials';
import { acceptsPools, createDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';

let database: TestDatabase;
let knex: Knex;
let connection: DedicatedConnection;
let changes: Changes;
let position: string | undefined;

beforeAll(async () => {
  database = await createDatabase();
  knex = database.knex;
});
beforeEach(async () => {
  connection = new DedicatedConnection(knex);
  changes = postgresChanges(connection, { budget: 30_000 });
  position = undefined;
  await read();
});
afterEach(() => changes.close());
afterAll(() => database.destroy());

async function read(): Promise<ChangeSet> {
  const change = await changes.read(position);
  position = change.position;
  return change;
}

async function insert(by: Knex = knex): Promise<string> {
  const id = mintSessionId(Date.now(), { userId: 'alice' });
  await by.raw(
    `insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
     values (?, '', 'alice', 'Web', false, now(), now())`,
    [id],
  );
  return id;
}

async function end(id: string, by: Knex = knex): Promise<void> {
  await by.raw(`update identity_sessions set ended_at = now() where session_id = ?`, [id]);
}

describe('postgresChanges().read()', () => {
  it('returns everything: true without a position', async () => {
    expect(await changes.read(undefined)).toMatchObject({ ids: [], everything: true });
  });

  it('returns the ids of sessions that ended since the position, once', async () => {
    const [one, two] = [await insert(), await insert()];
    await end(one);
    await end(two);
    const { ids, everything } = await read();
    expect([...ids].sort()).toEqual([one, two].sort());
    expect(everything).toBe(false);
    expect((await read()).ids).toEqual([]);
  });

  it('returns the ids of changed and deleted sessions, but not of sign-ins and touches', async () => {
    const [changed, deleted, touched] = [await insert(), await insert(), await insert()];
    await knex.raw(`update identity_sessions set extra_properties = '{}' where session_id = ?`, [changed]);
    await knex.raw('delete from identity_sessions where session_id = ?', [deleted]);
    await knex.raw('update identity_sessions set last_accessed = now() where session_id = ?', [touched]);
    expect([...(await read()).ids].sort()).toEqual([changed, deleted].sort());
  });

  it('returns everything: true after a truncate', async () => {
    await knex.raw('truncate identity_sessions');
    expect((await read()).everything).toBe(true);
    expect((await read()).everything).toBe(false);
  });

  it('returns everything: true after the log itself was truncated, because it may have lost entries', async () => {
    await knex.raw('truncate identity_session_changes');
    expect((await read()).everything).toBe(true);
    expect((await read()).everything).toBe(false);
  });

  it('returns everything: true when a row has an unknown version', async () => {
    await knex.raw(
      'insert into identity_session_changes (session_id, version) values (gen_random_uuid(), 2)',
    );
    expect((await read()).everything).toBe(true);
  });

  it('returns everything: true and no ids when there are more than 10,000 changes', async () => {
    await knex.raw(
      'insert into identity_session_changes (session_id) select gen_random_uuid() from generate_series(1, 10001)',
    );
    expect(await read()).toMatchObject({ ids: [], everything: true });
  });

  it('returns everything: true when the position is of another server or older than the retention', async () => {
    const seen = JSON.parse(position!) as { server: string; time: string };
    const elsewhere = JSON.stringify({ ...seen, server: '1' });
    const longAgo = JSON.stringify({ ...seen, time: String(Number(seen.time) - 3_600_000) });
    expect((await changes.read(elsewhere)).everything).toBe(true);
    expect((await changes.read(longAgo)).everything).toBe(true);
  });

  it('returns the time of the database', async () => {
    const { time } = await read();
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
  });
});

describe('postgresChanges() on a connection that was configured separately', () => {
  const readOf = async (url: string, schema?: string) => {
    const connection = new DedicatedConnection(knex, { connection: url });
    const writer = new StatementRunner(appConnections(knex), { budget: 30_000 });
    const named = schema === undefined ? undefined : new TableSchema(schema, writer);
    const chosen = postgresChanges(connection, { budget: 30_000, schema: named, writer });
    try {
      return await chosen.read((await chosen.read(undefined)).position);
    } finally {
      await chosen.close();
    }
  };

  it('reads the log if sessions are written to the same database', async () => {
    expect(await readOf(database.url)).toMatchObject({ ids: [], everything: false });
  });

  it('rejects if sessions are written to another database on the same server', async () => {
    const copy = await createDatabase();
    await expect(readOf(copy.url)).rejects.toThrow('leads to a different database than `knex`');
    await copy.destroy();
  });

  it('reads the log in a schema whose name contains quotes', async () => {
    await knex.raw(`create schema "o'hara ""x"`);
    for (const table of ['identity_sessions', 'identity_session_changes']) {
      await knex.raw(`create table "o'hara ""x".${table} (like ${table})`);
    }
    expect(await readOf(database.url, `o'hara "x`)).toMatchObject({ ids: [], everything: false });
  });
});

describe('postgresHint()', () => {
  let events: string[];
  let hint: Hint;

  beforeEach(async () => {
    events = [];
    hint = postgresHint(connection, { budget: 30_000 });
    hint.listen({ notify: () => events.push('notify'), up: () => events.push('up'), down: fail });
    await read();
  });

  it('notifies all nodes that listen, over the connection that reads the log', async () => {
    const other = new DedicatedConnection(knex);
    await postgresHint(other, { budget: 30_000 }).send!();
    await until(() => events.length > 1);
    await hint.send!();
    await until(() => events.length > 2);
    expect(events).toEqual(['up', 'notify', 'notify']);
    await other.close();
  });

  it('notifies while the pool is busy', async () => {
    const busy = database.connect({ pool: { min: 0, max: 1 } });
    const held = await busy.transaction();
    const other = new DedicatedConnection(busy);
    await postgresHint(other, { budget: 30_000 }).send!();
    await until(() => events.length > 1);
    await other.close();
    await held.rollback();
  });

  (acceptsPools ? it : it.skip)('notifies through the pool if there is no dedicated connection', async () => {
    const native = new Pool({ connectionString: database.url });
    const app = knexOf({ client: 'pg', connectionPool: native } as Knex.Config);
    await postgresHint(new DedicatedConnection(app), { budget: 30_000 }).send!();
    await until(() => events.length > 1);
    await app.destroy();
    await native.end();
  });

  function fail(error: unknown): void {
    throw error;
  }
});

describe('postgresChanges() with overlapping transactions', () => {
  it('returns the ids of each transaction once, in the order of the commits', async () => {
    const ids = [await insert(), await insert(), await insert()];
    const [first, second, third] = await Promise.all(ids.map(() => knex.transaction()));
    for (const [i, transaction] of [first!, second!, third!].entries()) await end(ids[i]!, transaction);

    await second!.commit();
    expect((await read()).ids).toEqual([ids[1]]);
    await third!.commit();
    expect((await read()).ids).toEqual([ids[2]]);
    await first!.commit();
    expect((await read()).ids).toEqual([ids[0]]);
    expect((await read()).ids).toEqual([]);
  });

  it('never returns ids of a transaction that was rolled back', async () => {
    const id = await insert();
    const transaction = await knex.transaction();
    await end(id, transaction);
    await transaction.rollback();
    expect((await read()).ids).toEqual([]);
  });

  it('returns every committed id exactly once with six writers and one long transaction', async () => {
    const open = await knex.transaction();
    await end(await insert(), open);
    const ended: string[] = [];
    const seen: string[] = [];
    const writer = async () => {
      for (let i = 0; i < 40; i++) {
        const id = await insert();
        const transaction = await knex.transaction();
        await end(id, transaction);
        if (i % 5 === 4) {
          await transaction.rollback();
        } else {
          await transaction.commit();
          ended.push(id);
        }
      }
    };
    let writing = true;
    const reader = async () => {
      while (writing) seen.push(...(await read()).ids);
      seen.push(...(await read()).ids);
    };
    const reading = reader();
    await Promise.all(Array.from({ length: 6 }, writer));
    writing = false;
    await reading;
    await open.rollback();
    expect(seen.sort()).toEqual(ended.sort());
  });
});

describe('postgresChangeLog().prune()', () => {
  const log = () => postgresChangeLog(new StatementRunner(appConnections(knex), { budget: 30_000 }));
  const entries = () => knex('identity_session_changes').pluck<string[]>('session_id');

  beforeEach(async () => {
    await knex.raw('truncate identity_session_changes; truncate identity_session_cleanup');
    await knex.raw('insert into identity_session_cleanup (leased_until) values (now())');
    // A truncated log clears the cache once.
    await read();
  });

  /** Prunes, and then moves the stored times into the past. */
  async function pruneAndPass(milliseconds: number): Promise<number> {
    const pruned = await log().prune(100);
    const earlier = `- ${milliseconds} * interval '1 millisecond'`;
    await knex.raw(`update identity_session_cleanup set log_seen_at = log_seen_at ${earlier}`);
    await knex.raw(`update identity_session_changes set logged_at = logged_at ${earlier}`);
    return pruned;
  }

  it('deletes entries that are older than the retention, at most `limit` per call', async () => {
    for (let i = 0; i < 3; i++) await end(await insert());
    await pruneAndPass(LOG_RETENTION + 60_000);
    // The first recorded snapshot is older than the three entries. The second one contains them.
    expect(await pruneAndPass(LOG_RETENTION)).toBe(0);
    expect(await pruneAndPass(60_000)).toBe(0);
    await end(await insert());
    expect(await log().prune(2)).toBe(2);
    expect(await log().prune(2)).toBe(1);
    expect(await log().prune(2)).toBe(0);
    expect(await entries()).toHaveLength(1);
  });

  it('keeps an old entry whose transaction committed only now', async () => {
    const id = await insert();
    const open = await knex.transaction();
    await end(id, open);
    await pruneAndPass(2 * LOG_RETENTION);
    await pruneAndPass(2 * LOG_RETENTION);
    await open.commit();
    await knex.raw("update identity_session_changes set logged_at = logged_at - interval '1 day'");
    expect(await log().prune(100)).toBe(0);
    expect((await read()).ids).toEqual([id]);
  });

  it('deletes entries with future transaction ids, which a dump of another server contains', async () => {
    await knex.raw(
      "insert into identity_session_changes (session_id, xid) values (gen_random_uuid(), '99999999999')",
    );
    expect((await read()).ids).toHaveLength(1);
    expect((await read()).ids).toHaveLength(1);
    expect(await log().prune(100)).toBe(1);
    expect((await read()).ids).toEqual([]);
  });
});
