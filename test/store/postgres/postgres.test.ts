import fc from 'fast-check';
import type { Knex } from 'knex';

import { appConnections } from '../../../lib/database/knex';
import { StatementRunner, type Statement } from '../../../lib/database/statement-runner';
import { withIpAddresses } from '../../../lib/session/ip-address';
import { everySessionOf } from '../../../lib/session/revocation';
import type { StoredSession } from '../../../lib/session/session';
import { postgres } from '../../../lib/store/postgres/postgres';
import type { AdministeredStore } from '../../../lib/store/store';
import { FakeClock } from '../../support/clock';
import { createDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/gate';
import { ALICE, DAY, admission, aPage, aSession } from '../../support/sessions';
import { alterSessions, idColumns, idOf } from '../../support/rows';
import { usualLayout } from '../../support/server';
import { testSessionStore } from '../contract';

/** The name under which a statement is kept prepared. On partitions, statements have no names. */
function nameOf(key: string): string {
  return usualLayout() === 'plain' ? `"public".identity_sessions.${key}` : '';
}

/** Records the names of the statements that it runs. */
class WatchedRunner extends StatementRunner {
  readonly statements: string[] = [];

  override repeatable: StatementRunner['repeatable'] = (statement: Statement, values) => {
    this.statements.push(statement.name);
    return super.repeatable(statement, values);
  };

  override once: StatementRunner['once'] = (statement: Statement, values) => {
    this.statements.push(statement.name);
    return super.once(statement, values);
  };

  override transaction: StatementRunner['transaction'] = (work) => {
    this.statements.push('transaction');
    return super.transaction(work);
  };
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
});
afterAll(() => database.destroy());

describe('postgres', () => {
  testSessionStore(() => ({
    store: postgres(new StatementRunner(appConnections(database.knex), { budget: 30_000 })),
    clock: new FakeClock(),
  }));

  let runner: WatchedRunner;
  let store: AdministeredStore;
  const now = Date.UTC(2026, 0, 15, 12);

  beforeEach(() => {
    runner = new WatchedRunner(appConnections(database.knex), { budget: 30_000 });
    store = postgres(runner);
  });

  async function inserted(into = store): Promise<StoredSession> {
    const session = aSession(now);
    await into.insert(session, admission(now));
    return session;
  }

  it('reads all ids that are requested in the same tick with one statement', async () => {
    const sessions = await Promise.all(Array.from({ length: 50 }, () => inserted()));
    runner.statements.length = 0;
    await Promise.all([...sessions, ...sessions].map(async ({ sessionId }) => store.find(sessionId)));
    expect(runner.statements).toEqual([nameOf('find')]);
  });

  describe('with the statistics of a table that was almost empty', () => {
    const COUNT = 1500;
    const end = { at: now, reason: 'revoked', by: null } as const;

    beforeEach(async () => {
      const { knex } = database;
      await knex.raw('truncate identity_sessions');
      await alterSessions(knex, 'set (autovacuum_enabled = false)');
      await fill('bob');
      const last = knex('identity_sessions').orderBy('signed_in').limit(1).select('session_id');
      await knex('identity_sessions').whereNotIn('session_id', last).delete();
      await knex.raw('vacuum analyze identity_sessions');
      await fill('alice');
      await knex('identity_sessions').where({ user_id: 'bob' }).delete();
    });
    const fill = (user: string) =>
      database.knex.raw(
        `insert into identity_sessions
          (${idColumns}, secret_hash, user_id, device, stay_signed_in, signed_in, last_accessed, active_day, data)
        select ${idOf(`'${user}'`)}, '', '${user}', 'Web', false, moment, moment, moment::date, '{}'
        from generate_series(1, ?::int) as i,
          lateral (select timestamptz '2026-01-15 12:00Z' - i * interval '1 s') as at (moment)`,
        [COUNT],
      );
    afterEach(() => alterSessions(database.knex, 'reset (autovacuum_enabled)'));

    /** Fails if the call takes half a minute. A plan that repeats a part for every row takes many minutes. */
    const inTime = async <T>(call: (store: AdministeredStore) => Promise<T> | T): Promise<T> =>
      call(postgres(new StatementRunner(appConnections(database.knex), { budget: 30_000 })));
    const ids = () => database.knex('identity_sessions').pluck<string[]>('session_id');
    const live = async () =>
      Number((await database.knex('identity_sessions').whereNull('ended_at').count({ n: '*' }))[0]!['n']);
    const all = { short: now + DAY, long: now + DAY, absolute: now + DAY, hibernation: now + DAY };

    it('ends sessions in time', async () => {
      expect((await inTime((it) => it.end(everySessionOf(ALICE), end))).more).toBe(true);
      expect(await live()).toBe(COUNT - 500);
    });

    it('ends sessions by their ids in time', async () => {
      const only = (await ids()).map((id) => id.replaceAll('-', ''));
      await inTime((it) => it.end({ owner: ALICE, only }, end));
      expect(await live()).toBe(COUNT - 500);
    });

    it('displaces sessions in time', async () => {
      const displaces = [{ which: everySessionOf(ALICE), end }];
      await inTime((it) => it.insert(aSession(now), admission(now, { displaces })));
      expect(await live()).toBe(COUNT - 500);
    });

    it('ends sessions beyond a limit in time', async () => {
      const limits = [{ per: 'user', max: 1000, onLimit: 'endOldest' }] as const;
      await inTime((it) => it.insert(aSession(now), admission(now, { limits })));
      expect(await live()).toBe(1000);
    });

    it('ends unused sessions in time', async () => {
      const { cutoffs } = admission(now);
      expect(await inTime((it) => it.endUnused(ALICE, { max: 500, cutoffs, at: now }))).toHaveLength(500);
    });

    it('writes touches, hibernates and sweeps in time', async () => {
      const touches = (await ids()).map((id) => ({
        id: id.replaceAll('-', ''),
        at: now,
        ipAddresses: ['192.0.2.7'],
      }));
      expect(await inTime((it) => it.touch(touches))).toEqual({ ended: [], skipped: [] });
      expect((await inTime((it) => it.hibernate(all, 5000))).dropped).toBe(COUNT);
      expect(await inTime((it) => it.sweep({ endedAfter: now, cutoffs: all }, 5000))).toBe(COUNT);
    });

    it('reads pages, finds and counts in time', async () => {
      expect(await inTime((it) => it.list(ALICE, aPage()))).toHaveLength(1000);
      expect(await inTime((it) => it.crowded(500))).toMatchObject({ owners: [{ userId: 'alice' }] });
    });
  });

  describe('a sign-in that displaces all other sessions of its user', () => {
    const displacing = () =>
      admission(now, {
        displaces: [{ which: everySessionOf(ALICE), end: { at: now, reason: 'displaced', by: null } }],
      });
    const DISPLACE = nameOf('displace');

    it('is one statement', async () => {
      const old = await inserted();
      runner.statements.length = 0;
      expect(await store.insert(aSession(now), displacing())).toMatchObject({
        ended: [{ sessionId: old.sessionId }],
        more: false,
      });
      expect(runner.statements).toEqual([DISPLACE]);
    });

    it('is a transaction if single statements run above READ COMMITTED', async () => {
      const connection = `${database.url}?options=-c%20default_transaction_isolation%3Dserializable`;
      runner = new WatchedRunner(appConnections(database.connect({ connection })), { budget: 30_000 });
      store = postgres(runner);
      for (let signIn = 0; signIn < 2; signIn++) await store.insert(aSession(now), displacing());
      expect(runner.statements.slice(1)).toEqual([DISPLACE, 'transaction', 'transaction']);
      expect(await store.list(ALICE, aPage())).toHaveLength(1);
    });
  });

  it('skips a locked row in touch without waiting, and returns its id', async () => {
    const [locked, free] = [await inserted(), await inserted()];
    const transaction = await database.knex.transaction();
    await transaction.raw('select 1 from identity_sessions where session_id = ? for update', [
      locked.sessionId,
    ]);
    const touches = [locked, free].map(({ sessionId }) => ({ id: sessionId, at: now + 5, ipAddresses: [] }));
    expect(await store.touch(touches)).toEqual({ ended: [], skipped: [locked.sessionId] });
    await transaction.commit();
    expect((await store.find(free.sessionId))?.lastAccessed).toBe(now + 5);
    expect((await store.find(locked.sessionId))?.lastAccessed).toBeNull();
  });

  describe('sweep', () => {
    const swept = {
      endedAfter: now,
      cutoffs: { short: now, long: now, absolute: -Infinity, hibernation: now },
    };

    /** Inserts expired sessions that have temporary data. */
    async function expired(count: number): Promise<string[]> {
      const sessions = Array.from({ length: count }, () =>
        aSession(now, { signedIn: now - 40 * DAY, staySignedIn: true, data: { draft: 'x' } }),
      );
      await Promise.all(sessions.map((session) => store.insert(session, admission(now))));
      return sessions.map(({ sessionId }) => sessionId);
    }

    it('does not wait for a transaction that revives a session, and keeps that session', async () => {
      const [revived] = await expired(2);
      const transaction = await database.knex.transaction();
      await transaction.raw('update identity_sessions set last_accessed = ? where session_id = ?', [
        new Date(now + 1),
        revived!,
      ]);

      expect(await store.hibernate(swept.cutoffs, 10)).toMatchObject({ dropped: 1 });
      expect(await store.sweep(swept, 10)).toBe(1);
      await transaction.commit();
      expect(await store.sweep(swept, 10)).toBe(0);
      expect(await store.find(revived!)).toMatchObject({ lastAccessed: now + 1, data: { draft: 'x' } });
    });

    /** Both return true if the session was revived in time. A touch skips locked rows, a wake waits for them. */
    const touch = async (id: string) => {
      const { ended, skipped } = await store.touch([{ id, at: now + 1, ipAddresses: [] }]);
      return ended.length + skipped.length === 0;
    };
    const wake = (id: string) => store.wake(id, now + 1, now);

    it.each([
      ['touch', touch],
      ['wake', wake],
    ])('deletes no session that a %s revived after the sweep had found it', async (_, revive) => {
      const deletes = await holdDeletes();
      const sessions = await expired(3);
      const sweeping = store.sweep(swept, 10);
      await lockWaits(1);
      const reviving = Promise.all(sessions.map(revive));
      await Promise.race([reviving, lockWaits(4)]);
      await deletes.release();

      const [revived, deleted] = [await reviving, await sweeping];
      const found = await Promise.all(sessions.map(async (id) => store.find(id)));
      expect(found.map((session) => session !== undefined)).toEqual(revived);
      expect(deleted).toBe(revived.filter((inTime) => !inTime).length);
    });

    /** Makes every delete wait at its first row, after it has found all its rows. */
    async function holdDeletes(): Promise<{ release(): Promise<void> }> {
      await database.knex.raw(`
        create function wait_at_gate() returns trigger language plpgsql as
          $$ begin perform pg_advisory_xact_lock(1); return old; end $$;
        create trigger gate before delete on identity_sessions for each row execute function wait_at_gate()`);
      const transaction = await database.knex.transaction();
      await transaction.raw('select pg_advisory_xact_lock(1)');
      return {
        async release() {
          await transaction.commit();
          await database.knex.raw('drop trigger gate on identity_sessions; drop function wait_at_gate');
        },
      };
    }

    /** Resolves when this many statements wait for a lock in this database. */
    async function lockWaits(count: number): Promise<void> {
      const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      for (let attempt = 0; attempt < 2000; attempt++) {
        const { rows } = await database.knex.raw<{ rows: unknown[] }>(waits);
        if (rows.length >= count) return;
      }
      throw new Error(`There were never ${count} statements that waited for a lock`);
    }
  });

  it('updates no index in touch: every touch after the first of a day is a HOT update', async () => {
    const { connect, destroy } = await createDatabase();
    const one = connect({ pool: { min: 0, max: 1 } });
    const touching = postgres(new StatementRunner(appConnections(one), { budget: 30_000 }));
    const { sessionId } = await inserted(touching);
    for (let i = 1; i <= 20; i++)
      await touching.touch([{ id: sessionId, at: now + i, ipAddresses: [`192.0.2.${i}`] }]);
    // A connection reports its statistics when it runs statements, but at most once a second.
    await until(async () => (await updates(one)).all === 20);
    expect((await updates(one)).hot).toBe(20);
    await destroy();
  });

  async function updates(one: Knex): Promise<{ all: number; hot: number }> {
    const { rows } = await one.raw<{ rows: { all: number; hot: number }[] }>(
      `select sum(n_tup_upd)::int as all, sum(n_tup_hot_upd)::int as hot
       from pg_stat_user_tables where relname ~ '^identity_sessions(_p[0-9]+|)$'`,
    );
    return rows[0]!;
  }

  describe('with more sessions of a user than one call ends', () => {
    const which = everySessionOf(ALICE);
    const end = { at: now, reason: 'displaced', by: null } as const;

    beforeEach(async () => {
      await database.knex.raw(`
        insert into identity_sessions (${idColumns}, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
        select ${idOf(`'${ALICE.userId}'`)}, sha256(i::text::bytea), '${ALICE.userId}', 'Web', true, now(), current_date
        from generate_series(1, 750) as i`);
    });

    it('ends 500 sessions with each call, until no more must end', async () => {
      const [first, second] = [await store.end(which, end), await store.end(which, end)];
      expect([first.ended.length, first.more]).toEqual([500, true]);
      expect([second.ended.length, second.more]).toEqual([250, false]);
    });

    it('inserts a session that displaces all others with the last of several calls', async () => {
      const session = aSession(now);
      const insert = () => store.insert(session, { ...admission(now), displaces: [{ which, end }] });
      expect(await insert()).toMatchObject({ ended: { length: 500 }, more: true });
      expect(await store.find(session.sessionId)).toBeUndefined();
      expect(await insert()).toMatchObject({ ended: { length: 250 }, more: false });
      expect(await store.find(session.sessionId)).toMatchObject({ endedAt: null });
    });

    it('returns each ended session to one of several parallel sign-ins', async () => {
      const insert = async (): Promise<string[]> => {
        const displaces = [{ which, end }];
        const { ended, more } = await store.insert(aSession(now), { ...admission(now), displaces });
        return [...ended.map(({ sessionId }) => sessionId), ...(more ? await insert() : [])];
      };
      const ended = (await Promise.all([insert(), insert(), insert()])).flat();
      expect([ended.length, new Set(ended).size]).toEqual([752, 752]);
    });
  });

  it('stores only the hash of the secret', async () => {
    const { sessionId } = await inserted();
    const row = await database.knex('identity_sessions').where({ session_id: sessionId }).first<object>();
    expect(JSON.stringify(row)).not.toContain('a secret');
  });

  it('keeps the same addresses as withIpAddresses, however touches are grouped', async () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.constantFrom('192.0.2.1', '2001:db8::1'),
      fc.ipV6().map((ip) => ip.padEnd(45, '0')),
    );
    const uses = fc.array(fc.array(address, { maxLength: 40 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.option(address, { nil: null }), uses, async (signInAddress, batches) => {
        const first = signInAddress === null ? [] : [signInAddress];
        const session = aSession(now, { signInAddress, ipAddresses: first });
        await store.insert(session, admission(now));
        let expected: readonly string[] = first;
        for (const ipAddresses of batches) {
          await store.touch([{ id: session.sessionId, at: now, ipAddresses }]);
          expected = withIpAddresses(expected, ipAddresses, signInAddress);
        }
        expect((await store.find(session.sessionId))?.ipAddresses).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('reads the other sessions of a batch and of a list if the JSON of one cannot be read', async () => {
    const defects: Error[] = [];
    const reporting = postgres(runner, { onDefect: (error) => defects.push(error) });
    const [bad, good] = [await inserted(), await inserted()];
    const deep = `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`;
    await database.knex('identity_sessions').where({ session_id: bad.sessionId }).update({ data: deep });
    const found = await Promise.all([bad, good].map(async ({ sessionId }) => reporting.find(sessionId)));
    expect(found).toEqual([{ ...bad, defect: expect.any(Error) as Error }, good]);
    expect(await reporting.list(bad, aPage())).toHaveLength(2);
    const { cutoffs } = admission(now);
    const order = [{ by: 'signedIn', descending: true }] as const;
    expect(await reporting.search({ filter: {}, cutoffs, order, skip: 0, take: 5 })).toHaveLength(2);
    expect(defects.map(({ message }) => message)).toEqual(
      Array(3).fill(expect.stringContaining(bad.sessionId)),
    );
  });
});

describe('postgres on a database whose settings change the form of values', () => {
  const SETTINGS = [
    "datestyle = 'SQL, DMY'",
    "intervalstyle = 'sql_standard'",
    "timezone = 'Asia/Kathmandu'",
    "bytea_output = 'escape'",
    'extra_float_digits = -15',
    'standard_conforming_strings = off',
    'array_nulls = off',
    "default_transaction_isolation = 'repeatable read'",
  ];
  let odd: Knex;

  beforeAll(async () => {
    const [name] = new URL(database.url).pathname.slice(1).split('?');
    for (const setting of SETTINGS) await database.knex.raw(`alter database ${name} set ${setting}`);
    odd = database.connect({ connection: { connectionString: database.url, binary: true } as object });
  });

  testSessionStore(() => ({
    store: postgres(new StatementRunner(appConnections(odd), { budget: 30_000 })),
    clock: new FakeClock(),
  }));

  it('stores no text in place of a missing address or node', async () => {
    const store = postgres(new StatementRunner(appConnections(odd), { budget: 30_000 }));
    const now = Date.UTC(2026, 0, 15, 12);
    const session = aSession(now, { signInAddress: null, ipAddresses: [] });
    await store.insert(session, admission(now));
    await store.touch([{ id: session.sessionId, at: now, ipAddresses: [] }]);
    expect(await store.find(session.sessionId)).toMatchObject({ ipAddresses: [], node: null });
  });
});
