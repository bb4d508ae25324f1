import { setTimeout as sleep } from 'node:timers/promises';

import { sessionsOf, type IdentitySessionManager } from '../../lib';
import { partitionSessions } from '../../lib/migrations';
import { createDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';

interface SignedIn {
  readonly userId: string;
  readonly sessionId: string;
  readonly secret: string;
}

describe('partitionSessions', () => {
  let database: TestDatabase;
  let nodes: IdentitySessionManager[];

  beforeEach(async () => {
    database = await createDatabase('plain');
    nodes = [0, 1].map(() => managerOn({ knex: database.connect() }));
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await database.destroy();
  });

  const signIn = async (node: number, userId: string): Promise<SignedIn> => {
    const { session, secret } = await nodes[node % 2]!.open({ userId, staySignedIn: true });
    return { userId, sessionId: session.sessionId, secret };
  };
  /** Returns the code of the refusal, or undefined if the session is accepted. */
  const refusal = async (node: number, { sessionId, secret }: SignedIn): Promise<string | undefined> => {
    try {
      await nodes[node]!.verify({ sessionId, secret });
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };
  const partitions = async () => {
    const { rows } = await database.knex.raw<{ rows: [{ partitions: number }] }>(
      `select count(*)::int as partitions from pg_inherits where inhparent = 'identity_sessions'::regclass`,
    );
    return rows[0].partitions;
  };
  const leftovers = async () => {
    const { rows } = await database.knex.raw<{ rows: unknown[] }>(
      `select nspname as name from pg_namespace where nspname like '%partitioning'
      union all select tgname from pg_trigger where tgname in ('identity_session_mirror', 'identity_session_keep')`,
    );
    return rows;
  };

  it('keeps every session and every end while two nodes sign in, list and end sessions', async () => {
    const live: SignedIn[] = [];
    const ended: SignedIn[] = [];
    for (let i = 0; i < 300; i++) live.push(await signIn(i, `user ${i % 50}`));
    let moved = false;
    const work = async (node: number) => {
      for (let i = 0; !moved || i < 20; i++) {
        const mine = await signIn(node, `user ${node} ${i % 20}`);
        if (i % 3 === 0) {
          await nodes[node]!.revoke(sessionsOf({ userId: mine.userId }, [mine.sessionId]));
          ended.push(mine);
        } else live.push(mine);
        const old = live[(i * 7 + node) % 300]!;
        if ((await refusal(node, old)) !== undefined)
          throw new Error('A live session was refused during the move');
        await nodes[node]!.list({ userId: old.userId });
      }
    };
    const workers = [work(0), work(1)];
    const { ended: others } = await partitionSessions(database.knex, { partitions: 7 });
    await sleep(500);
    moved = true;
    await Promise.all(workers);

    expect(others).toBe(0);
    expect(await partitions()).toBe(7);
    for (const node of [0, 1]) {
      expect(await Promise.all(live.map((each) => refusal(node, each)))).toEqual(live.map(() => undefined));
      await until(async () => (await Promise.all(ended.map((each) => refusal(node, each)))).every(Boolean));
    }
    const [{ count }] = (await database
      .knex('identity_sessions')
      .whereNull('ended_at')
      .count({ count: '*' })) as [{ count: string }];
    expect(Number(count)).toBe(live.length);
    expect(await leftovers()).toEqual([]);
  }, 60_000);

  it('lets nodes that ran before use all statements afterwards, without a restart', async () => {
    const first = await signIn(0, 'alice');
    const rest = { preventConcurrentLogin: 'LogoutFromAllDevices' } as const;
    const strict = managerOn({ knex: database.connect(), ...rest });
    nodes.push(strict);
    await strict.open({ userId: 'bob' });
    await partitionSessions(database.knex, { partitions: 3 });
    const second = await strict.open({ userId: 'alice' });
    await until(async () => (await refusal(1, first)) === 'session-ended');
    await nodes[0]!.update(second.session.sessionId, { data: { draft: 1 } });
    await nodes[0]!.runCleanup();
    expect((await nodes[1]!.list({ userId: 'alice' })).sessions).toHaveLength(1);
    const { rows } = await database.knex.raw<{ rows: { event: string }[] }>(
      `select event from identity_session_trail where user_id = 'alice' and event <> 'signal' order by id`,
    );
    expect(rows.map(({ event }) => event)).toEqual(['signed-in', 'ended', 'signed-in']);
  });

  it('refuses sessions with ids of the app, changes nothing, and ends them only with endOthers', async () => {
    const own = '018f0d2c7f5a7e3b9c1d0123456789ab';
    const user = 'someone';
    const { secret } = await nodes[0]!.open({ userId: user, sessionId: own });
    const kept = await signIn(0, 'alice');
    await expect(partitionSessions(database.knex, { partitions: 4 })).rejects.toThrow(
      /018f0d2c-7f5a-7e3b-9c1d-0123456789ab: wait until they have ended, or pass `endOthers`/,
    );
    expect(await leftovers()).toEqual([]);
    expect(await refusal(0, { userId: user, sessionId: own, secret })).toBeUndefined();
    expect(await partitionSessions(database.knex, { partitions: 4, endOthers: true })).toMatchObject({
      copied: 1,
      ended: 1,
    });
    await until(async () => (await refusal(1, { userId: user, sessionId: own, secret })) !== undefined);
    expect(await refusal(1, kept)).toBeUndefined();
    await expect(nodes[0]!.open({ userId: user, sessionId: own })).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('newSessionId()') as string,
    });
  });

  it('refuses a table that has partitions, and wrong options', async () => {
    await expect(partitionSessions(database.knex, { partitions: 0 })).rejects.toThrow(
      'a whole number from 1 to 4096',
    );
    await expect(partitionSessions(database.knex, {} as never)).rejects.toThrow(
      'partitionSessions(knex, { partitions: 64 })',
    );
    await partitionSessions(database.knex, { partitions: 2 });
    await expect(partitionSessions(database.knex, { partitions: 2 })).rejects.toThrow(
      'has partitions already',
    );
  });

  it('keeps owner and rights, so that the role of an app can continue', async () => {
    await database.knex.raw(`
      revoke execute on function identity_session_displace from public;
      grant select, insert on identity_sessions to pg_monitor;
      grant execute on function identity_session_displace to pg_monitor`);
    const rights = async () => {
      const { rows } = await database.knex.raw<{ rows: unknown[] }>(
        `select (select relacl::text from pg_class where oid = 'identity_sessions'::regclass) as on_table,
          (select proacl::text from pg_proc where proname = 'identity_session_displace') as on_function`,
      );
      return rows;
    };
    const before = await rights();
    await partitionSessions(database.knex, { partitions: 2 });
    expect(await rights()).toEqual(before);
  });

  it('leaves the old table as it was if the tables cannot change places', async () => {
    await signIn(0, 'alice');
    await database.knex.raw('create view of_the_app as select user_id from identity_sessions');
    await expect(partitionSessions(database.knex, { partitions: 2 })).rejects.toThrow(
      'other objects depend on it',
    );
    expect(await leftovers()).toEqual([]);
    expect(await partitions()).toBe(0);
    await signIn(1, 'alice');
  });
});
