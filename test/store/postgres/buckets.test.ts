import { appConnections } from '../../../lib/database/knex';
import { StatementRunner, type Run, type Statement } from '../../../lib/database/statement-runner';
import { TableSchema } from '../../../lib/database/table-schema';
import { bucketIn, ownerBucket } from '../../../lib/session/bucket';
import { everySessionOf, sessionsOf } from '../../../lib/session/revocation';
import type { Owner } from '../../../lib/session/session';
import { byPartition, partRanges, placeValues } from '../../../lib/store/postgres/buckets';
import { postgresKnownDevices } from '../../../lib/store/postgres/known-devices';
import { postgres } from '../../../lib/store/postgres/postgres';
import { statements } from '../../../lib/store/postgres/statements';
import { tablesIn } from '../../../lib/store/postgres/tables';
import { postgresTrail } from '../../../lib/store/postgres/trail';
import type { AdministeredStore } from '../../../lib/store/store';
import { createDatabase, type TestDatabase } from '../../support/database';
import { PARTITIONS } from '../../support/server';
import { ALICE, aPage, aSession, admission, BOB } from '../../support/sessions';

describe('partRanges', () => {
  it.each([1, 2, 5, 64, 1000, 4096])('divides all buckets among %i partitions', (partitions) => {
    const ranges = partRanges(partitions);
    expect(ranges).toHaveLength(partitions);
    expect(ranges[0]!.first).toBe(0);
    expect(ranges.at(-1)!.end).toBe(4096);
    for (const [part, { first }] of ranges.slice(1).entries()) expect(first).toBe(ranges[part]!.end);
  });
});

describe('byPartition', () => {
  it('groups ids as the partitions do', () => {
    const ids = Array.from(
      { length: 4096 },
      (_, b) => `${'0'.repeat(13)}${b.toString(16).padStart(3, '0')}${'0'.repeat(16)}`,
    );
    for (const partitions of [2, 5, 64, 1000]) {
      const groups = byPartition(ids, partitions, (id) => id);
      const ranges = groups.map((group) => ({
        first: bucketIn(group[0]!),
        end: bucketIn(group.at(-1)!) + 1,
      }));
      expect(ranges).toEqual(partRanges(partitions));
    }
  });
});

describe('placeValues', () => {
  it('returns parameters only if rows have buckets', () => {
    expect(placeValues(0, 5)).toEqual([]);
    expect(placeValues(4, undefined)).toEqual([]);
    expect(placeValues(4, 5)).toEqual([5]);
    expect(placeValues(4, [5, 6])).toEqual(['{5,6}']);
    expect(placeValues(4, { first: 0, end: 64 })).toEqual([0, 64]);
  });
});

interface Plan {
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** Reads the plan of every statement before it runs it, and remembers the partitions in it. */
class PlanningRunner extends StatementRunner {
  readonly partitions = new Map<string, Set<string>>();

  constructor(private readonly database: TestDatabase) {
    super(appConnections(database.knex), { budget: 30_000 });
  }

  override once: StatementRunner['once'] = async (statement, values) => {
    await this.#plan(statement, values);
    return super.once(statement, values);
  };
  override repeatable: StatementRunner['repeatable'] = async (statement, values) => {
    await this.#plan(statement, values);
    return super.repeatable(statement, values);
  };
  override transaction: StatementRunner['transaction'] = (work) =>
    super.transaction((run) => {
      const planned: Run = async (statement, values) => {
        await this.#plan(statement, values);
        return run(statement, values);
      };
      return work(planned);
    });

  async #plan({ text }: Statement, values: readonly unknown[]): Promise<void> {
    const client = this.database.knex.client as {
      acquireConnection(): Promise<unknown>;
      releaseConnection(it: unknown): Promise<void>;
    };
    const connection = (await client.acquireConnection()) as {
      query(
        text: string,
        values: readonly unknown[],
      ): Promise<{ rows: { 'QUERY PLAN': { Plan: Plan }[] }[] }>;
    };
    try {
      const { rows } = await connection.query(`explain (format json) ${text}`, values);
      const key = nameOf(text);
      const found = this.partitions.get(key) ?? new Set();
      for (const partition of partitionsIn(rows[0]!['QUERY PLAN'][0]!.Plan)) found.add(partition);
      this.partitions.set(key, found);
    } finally {
      await client.releaseConnection(connection);
    }
  }
}

const STATEMENTS = statements(tablesIn('public', PARTITIONS));

/** Returns the name of a statement. On partitions, statements are sent without names. */
function nameOf(text: string): string {
  const named = Object.entries(STATEMENTS).find((each) => each[1].text === text);
  if (named !== undefined) return named[0];
  return /'refused'|novelty|'signal'|set signals/.exec(text)?.[0].replaceAll("'", '') ?? 'search';
}

function partitionsIn({ 'Relation Name': relation = '', Plans: plans = [] }: Plan): string[] {
  return [...(/^identity_sessions_p\d+$/.test(relation) ? [relation] : []), ...plans.flatMap(partitionsIn)];
}

function partitionOf(owner: Owner): string {
  const { first } = partRanges(PARTITIONS).find(({ end }) => ownerBucket(owner) < end)!;
  return `identity_sessions_p${String(first).padStart(4, '0')}`;
}

/** Statements that concern all owners, or another table. */
const OF_ALL = [
  'sweep',
  'hibernate',
  'crowded',
  'policy',
  'setPolicy',
  'endEverything',
  'lock',
  'changeCredentials',
  'forgetCredentialChanges',
];

describe('the plans on a partitioned table', () => {
  const now = Date.UTC(2026, 0, 15, 12);
  const end = { at: now, reason: 'revoked', by: null } as const;
  const all = aPage().cutoffs;
  let database: TestDatabase;
  let runner: PlanningRunner;
  let store: AdministeredStore;

  beforeAll(async () => {
    database = await createDatabase('partitioned');
  });
  beforeEach(async () => {
    await database.empty();
    runner = new PlanningRunner(database);
    store = postgres(runner);
  });
  afterAll(() => database.destroy());

  it('contain only the partition of the owner, for every statement that names an owner or the id of a session', async () => {
    expect(partitionOf(BOB)).not.toBe(partitionOf(ALICE));
    const inserted = async (said = {}, conditions = {}) => {
      const session = aSession(now, said);
      await store.insert(session, admission(now, conditions));
      return session;
    };
    const { sessionId: id } = await inserted({ authId: 'a' });
    await store.find(id);
    await store.list(ALICE, aPage());
    await store.update(id, { name: 'kitchen' });
    await store.changeData(id, () => ({ draft: 1 }));
    await store.raiseAssurance(id, {
      authenticatedAt: now,
      acr: null,
      amr: [],
      credentialsCheckedAt: now,
      at: now,
      from: null,
    });
    await store.lowerAssurance(everySessionOf(ALICE), { methods: ['otp'], acr: null });
    const secret = { from: 'a'.repeat(32), at: now };
    await store.changeSecret(id, {
      type: 'rotate',
      ...secret,
      to: 'b'.repeat(32),
      salt: '00',
      issuedBefore: now,
    });
    await store.changeSecret(id, {
      type: 'replace',
      ...secret,
      to: 'b'.repeat(32),
      earlierAssurance: { authenticatedAt: null, acr: null, amr: [] },
    });
    await store.changeSecret(id, { type: 'confirm', ...secret, issuedBefore: now });
    await store.changeSecret(id, { type: 'give-again', ...secret });
    await store.wake(id, now, now);
    await store.bind(id, 'x.y');
    await store.confirmBinding(id, 'x.y', now);
    await store.touch([{ id, at: now, ipAddresses: [] }]);
    await inserted({}, { displaces: [{ which: everySessionOf(ALICE), end }] });
    await inserted({}, { displaces: [{ which: sessionsOf(ALICE, [id]), end }] });
    await inserted({}, { limits: [{ max: 1, per: 'user', onLimit: 'endOldest' }] });
    await inserted({ authId: 'b' });
    await expect(inserted({ authId: 'b' })).rejects.toMatchObject({ code: 'auth-id-taken' });
    await store.end(everySessionOf(ALICE), end);
    await store.endUnused(ALICE, { max: 1, cutoffs: all, at: now });
    await store.search({
      filter: ALICE,
      cutoffs: all,
      order: [{ by: 'signedIn', descending: true }],
      take: 5,
      skip: 0,
    } as never);
    await store.count({ ...ALICE, tenantId: null }, all);
    const schema = new TableSchema(undefined, runner);
    await postgresTrail(runner, schema).note(
      {
        event: 'refused',
        sessionId: id,
        reason: 'session-ended',
        times: 1,
        ipAddress: null,
        userAgent: null,
      } as never,
      now,
    );
    await postgresKnownDevices(runner, schema).note({
      owner: ALICE,
      device: 'ab'.repeat(32),
      sessionId: id,
      at: now,
    });
    const trail = postgresTrail(runner, schema);
    const change = {
      sessionId: id,
      type: 'country',
      key: 'k',
      before: null,
      after: null,
      ipAddress: null,
      userAgent: null,
    };
    await trail.observe(change as never, now);
    await trail.forget(id, ['k']);
    await store.erase(ALICE, 10);

    const concerned = Object.keys(STATEMENTS).filter((name) => !OF_ALL.includes(name));
    const planned = [...runner.partitions.keys()];
    expect(planned).toEqual(
      expect.arrayContaining([...concerned, 'search', 'refused', 'novelty', 'set signals']),
    );
    for (const name of planned) {
      const partitions = [...runner.partitions.get(name)!];
      if (!OF_ALL.includes(name))
        expect({ name, partitions: partitions.filter((each) => each !== partitionOf(ALICE)) }).toEqual({
          name,
          partitions: [],
        });
    }
    for (const name of [
      'find',
      'list',
      'end',
      'touch',
      'update',
      'erase',
      'refused',
      'novelty',
      'set signals',
      'search',
    ]) {
      expect([name, ...runner.partitions.get(name)!]).toEqual([name, partitionOf(ALICE)]);
    }
  });

  it('contain only the partitions of the ids that are read or touched together', async () => {
    const sessions = [ALICE, BOB].map((owner) => aSession(now, owner));
    for (const session of sessions) await store.insert(session, admission(now));
    runner.partitions.clear();
    await Promise.all(sessions.map(async ({ sessionId }) => store.find(sessionId)));
    await store.touch(sessions.map(({ sessionId }) => ({ id: sessionId, at: now, ipAddresses: [] })));
    const both = [ALICE, BOB].map(partitionOf).sort();
    expect([...runner.partitions.get('find')!].sort()).toEqual(both);
    expect([...runner.partitions.get('touch')!].sort()).toEqual(both);
  });

  it('of the function that displaces sessions lock only the partition of the owner', async () => {
    const locked = await database.knex.transaction(async (transaction) => {
      await transaction.raw(
        `select * from identity_session_displace(1, 500, 'alice', null, null, null, now(), 'displaced', null, ${ownerBucket(ALICE)}::smallint)`,
      );
      const { rows } = await transaction.raw<{ rows: { name: string }[] }>(
        `select distinct relname as name from pg_locks join pg_class c on c.oid = relation
        where pid = pg_backend_pid() and relname ~ '^identity_sessions_p[0-9]+$'`,
      );
      return rows.map(({ name }) => name);
    });
    expect(locked).toEqual([partitionOf(ALICE)]);
  });

  it('clean up one partition after the other, in bounded pieces', async () => {
    for (let i = 0; i < 40; i++)
      await store.insert(aSession(now - 1e9, { userId: `user ${i}`, data: { draft: i } }), admission(now));
    runner.partitions.clear();
    expect(await store.hibernate(all, 7)).toMatchObject({ dropped: 0 });
    const past = { short: now, long: now, absolute: now, hibernation: now };
    expect((await store.hibernate(past, 7)).dropped).toBe(7);
    const swept: number[] = [];
    for (let i = 0; i < 7; i++) swept.push(await store.sweep({ endedAfter: now, cutoffs: past }, 7));
    expect(swept).toEqual([7, 7, 7, 7, 7, 5, 0]);
  });
});

describe('a partitioned table', () => {
  it('computes the bucket of any owner as the package does, and refuses rows in another bucket', async () => {
    const database = await createDatabase('partitioned');
    try {
      const store = postgres(new StatementRunner(appConnections(database.knex), { budget: 30_000 }));
      const owners = ['ü', '😀', "o'brien", 'x'.repeat(255)].flatMap((userId) =>
        [null, 'acme', 'ß'].map((tenantId) => ({ userId, tenantId })),
      );
      for (const owner of owners) await store.insert(aSession(0, owner), admission(0));
      const foreign = aSession(0, { sessionId: aSession(0, BOB).sessionId });
      const refused = { code: 'invalid-request', details: expect.anything() as unknown };
      await expect(store.insert(foreign, admission(0))).rejects.toMatchObject({ code: refused.code });
      await expect(database.knex('identity_sessions').update({ user_id: 'eve' })).rejects.toThrow(
        'does not name the bucket',
      );
    } finally {
      await database.destroy();
    }
  });
});
