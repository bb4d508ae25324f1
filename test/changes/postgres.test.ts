import type { Knex } from 'knex';

import type { Changes, ChangeSet } from '../../lib/changes/changes';
import type { Hint } from '../../lib/changes/hint';
import { LOG_RETENTION, postgresChangeLog, postgresChanges } from '../../lib/changes/postgres';
import { appConnections } from '../../lib/database/knex';
import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { StatementRunner } from '../../lib/database/statement-runner';
import { mintSessionId } from '../../lib/session/credentials';
import { createDatabase, type TestDatabase } from '../support/database';
import { turns, until } from '../support/gate';

let database: TestDatabase;
let knex: Knex;
let changes: Changes & Hint;
let position: string | undefined;

beforeAll(async () => {
  database = await createDatabase();
  knex = database.knex;
});
beforeEach(async () => {
  const connection = new DedicatedConnection(knex);
  changes = postgresChanges(new StatementRunner(connection, { budget: 30_000 }), connection);
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
  const id = mintSessionId(Date.now());
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

describe('a read of the log', () => {
  it('without a position says that anything may have changed', async () => {
    expect(await changes.read(undefined)).toMatchObject({ ids: [], everything: true });
  });

  it('names what ended since, once', async () => {
    const [one, two] = [await insert(), await insert()];
    await end(one);
    await end(two);
    const { ids, everything } = await read();
    expect([...ids].sort()).toEqual([one, two].sort());
    expect(everything).toBe(false);
    expect((await read()).ids).toEqual([]);
  });

  it('names what changed or was deleted, and leaves out sign-ins and touches', async () => {
    const [changed, deleted, touched] = [await insert(), await insert(), await insert()];
    await knex.raw(`update identity_sessions set extra_properties = '{}' where session_id = ?`, [changed]);
    await knex.raw('delete from identity_sessions where session_id = ?', [deleted]);
    await knex.raw('update identity_sessions set last_accessed = now() where session_id = ?', [touched]);
    expect([...(await read()).ids].sort()).toEqual([changed, deleted].sort());
  });

  it('says that anything may have changed after a truncate', async () => {
    await knex.raw('truncate identity_sessions');
    expect((await read()).everything).toBe(true);
    expect((await read()).everything).toBe(false);
  });

  it('says so too when it meets a row of a version that it does not know', async () => {
    await knex.raw(
      'insert into identity_session_changes (session_id, version) values (gen_random_uuid(), 2)',
    );
    expect((await read()).everything).toBe(true);
  });

  it('says so too when there is too much to name', async () => {
    await knex.raw(
      'insert into identity_session_changes (session_id) select gen_random_uuid() from generate_series(1, 10001)',
    );
    expect(await read()).toMatchObject({ ids: [], everything: true });
  });

  it('says so too when the position is of another server, or older than the log reaches back', async () => {
    const seen = JSON.parse(position!) as { server: string; time: string };
    const elsewhere = JSON.stringify({ ...seen, server: '1' });
    const longAgo = JSON.stringify({ ...seen, time: String(Number(seen.time) - 3_600_000) });
    expect((await changes.read(elsewhere)).everything).toBe(true);
    expect((await changes.read(longAgo)).everything).toBe(true);
  });

  it('tells the time by the clock of the database', async () => {
    const { time } = await read();
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
  });
});

describe('a log that is read over a connection of its own choice', () => {
  const readOf = async (url: string, schema?: string) => {
    const connection = new DedicatedConnection(knex, { connection: url });
    const written = new StatementRunner(appConnections(knex), { budget: 30_000 });
    const chosen = postgresChanges(new StatementRunner(connection, { budget: 30_000 }), connection, {
      schema,
      written,
    });
    try {
      return await chosen.read((await chosen.read(undefined)).position);
    } finally {
      await chosen.close();
    }
  };

  it('counts when it is the one that sessions are written to', async () => {
    expect(await readOf(database.url)).toMatchObject({ ids: [], everything: false });
  });

  it('does not count when it is another of the same name, on the same server', async () => {
    const copy = await createDatabase();
    await expect(readOf(copy.url)).rejects.toThrow('leads to another database than `knex`');
    await copy.destroy();
  });

  it('is found in its schema, whatever that is called', async () => {
    await knex.raw(`create schema "o'hara ""x"`);
    await knex.raw(`create table "o'hara ""x".identity_session_changes (like identity_session_changes)`);
    expect(await readOf(database.url, `o'hara "x`)).toMatchObject({ ids: [], everything: false });
  });
});

describe('a notice', () => {
  let heard: string[];

  beforeEach(async () => {
    heard = [];
    changes.listen({ wake: () => heard.push('wake'), up: () => heard.push('up'), down: fail });
    await read();
  });

  it('comes with whatever puts something into the log, after it was committed', async () => {
    const id = await insert();
    const transaction = await knex.transaction();
    await end(id, transaction);
    await read();
    await turns();
    expect(heard).toEqual(['up']);
    await transaction.commit();
    await until(() => heard.length > 1);
    expect((await read()).ids).toEqual([id]);
  });

  it('comes once for a transaction, however much it ends', async () => {
    for (let count = 0; count < 20; count++) await insert();
    await knex.raw('update identity_sessions set ended_at = now() where ended_at is null');
    await until(() => heard.length > 1);
    await knex.raw('truncate identity_sessions');
    await until(() => heard.length > 2);
    expect(heard).toEqual(['up', 'wake', 'wake']);
  });

  function fail(error: unknown): void {
    throw error;
  }
});

describe('transactions that overlap', () => {
  it('are each seen once, in whatever order they commit', async () => {
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

  it('that are rolled back are never seen', async () => {
    const id = await insert();
    const transaction = await knex.transaction();
    await end(id, transaction);
    await transaction.rollback();
    expect((await read()).ids).toEqual([]);
  });

  it('are all seen once among many writers, beside one that stays open all the time', async () => {
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

describe('pruning the log', () => {
  const log = () => postgresChangeLog(new StatementRunner(appConnections(knex), { budget: 30_000 }));
  const entries = () => knex('identity_session_changes').pluck<string[]>('session_id');

  beforeEach(async () => {
    await knex.raw('truncate identity_session_changes; truncate identity_session_cleanup');
    await knex.raw('insert into identity_session_cleanup (leased_until) values (now())');
  });

  /** Cleanup runs, and then time passes. */
  async function pruneAndPass(milliseconds: number): Promise<number> {
    const pruned = await log().prune(100);
    const earlier = `- ${milliseconds} * interval '1 millisecond'`;
    await knex.raw(`update identity_session_cleanup set log_seen_at = log_seen_at ${earlier}`);
    await knex.raw(`update identity_session_changes set logged_at = logged_at ${earlier}`);
    return pruned;
  }

  it('takes what was in it longer ago than it reaches back, and no more at a time than it was told', async () => {
    for (let i = 0; i < 3; i++) await end(await insert());
    await pruneAndPass(LOG_RETENTION + 60_000);
    // What it saw before is what was there when the row was made: nothing. Now it sees the three.
    expect(await pruneAndPass(LOG_RETENTION)).toBe(0);
    expect(await pruneAndPass(60_000)).toBe(0);
    await end(await insert());
    expect(await log().prune(2)).toBe(2);
    expect(await log().prune(2)).toBe(1);
    expect(await log().prune(2)).toBe(0);
    expect(await entries()).toHaveLength(1);
  });

  it('leaves what was written long ago in a transaction that was open until now', async () => {
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

  it('takes what a dump of another server brought, which every read would take for new', async () => {
    await knex.raw(
      "insert into identity_session_changes (session_id, xid) values (gen_random_uuid(), '99999999999')",
    );
    expect((await read()).ids).toHaveLength(1);
    expect((await read()).ids).toHaveLength(1);
    expect(await log().prune(100)).toBe(1);
    expect((await read()).ids).toEqual([]);
  });
});
