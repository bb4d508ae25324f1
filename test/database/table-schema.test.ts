import { DedicatedConnection } from '../../lib/database/dedicated-connection';
import { appConnections } from '../../lib/database/knex';
import { StatementRunner, type Statement } from '../../lib/database/statement-runner';
import { TableSchema } from '../../lib/database/table-schema';
import { READ_EVERY } from '../../lib/changes/changes';
import { migrate, sessionsOf, type IdentitySessionManager } from '../../lib';
import { partitionSessions } from '../../lib/migrations';
import { FakeClock } from '../support/clock';
import { createDatabase, emptyDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';

class CountingRunner extends StatementRunner {
  count = 0;

  override repeatable: StatementRunner['repeatable'] = (statement: Statement, values) => {
    this.count++;
    return super.repeatable(statement, values);
  };
}

describe('TableSchema', () => {
  let database: TestDatabase;
  let runner: CountingRunner;

  beforeAll(async () => {
    database = await createDatabase();
  });
  beforeEach(() => {
    runner = new CountingRunner(appConnections(database.knex), { budget: 30_000 });
  });
  afterAll(() => database.destroy());

  it('returns the configured schema, and rejects with its name if it has no tables', async () => {
    await migrate(database.knex, { schema: 'odd "name"' });
    const schema = new TableSchema('odd "name"', runner);
    expect(await schema.statements((name) => `in ${name}`)()).toBe('in odd "name"');
    expect(runner.count).toBe(1);
    const missing = new TableSchema('missing', runner).statements((name) => name);
    await expect(missing()).rejects.toThrow('missing from the schema "missing"');
  });

  it('builds statements again after the layout has changed, and only then', async () => {
    const own = await createDatabase('plain');
    try {
      const runner = new StatementRunner(appConnections(own.knex), { budget: 30_000 });
      const schema = new TableSchema(undefined, runner);
      const built = schema.statements((_, partitions) => ({ partitions }));
      const first = await built();
      expect(first).toEqual({ partitions: 0 });
      await schema.refresh();
      expect(await built()).toBe(first);
      await partitionSessions(own.knex, { partitions: 3 });
      expect(await built()).toBe(first);
      await schema.refresh();
      expect(await built()).toEqual({ partitions: 3 });
    } finally {
      await own.destroy();
    }
  });

  it('finds the schema of the tables with one query, for all callers', async () => {
    const schema = new TableSchema(undefined, runner);
    const built = [schema.statements((name) => `one ${name}`), schema.statements((name) => `two ${name}`)];
    const names = await Promise.all([...built, ...built].map((each) => each()));
    expect(names).toEqual(['one public', 'two public', 'one public', 'two public']);
    expect(runner.count).toBe(1);
  });

  it('rejects with the call that creates the tables while they are missing, and finds them afterwards', async () => {
    const empty = await emptyDatabase();
    try {
      const schema = new TableSchema(
        undefined,
        new StatementRunner(appConnections(empty.knex), { budget: 30_000 }),
      );
      const built = schema.statements((name) => name);
      await expect(built()).rejects.toThrow('await migrate(knex)');
      await migrate(empty.knex);
      expect(await built()).toBe('public');
    } finally {
      await empty.destroy();
    }
  });

  it('uses the search path of a new connection, not that of a pooled connection which the app has changed', async () => {
    const one = database.connect({ pool: { min: 1, max: 1 } });
    await one.raw('create schema if not exists tenant; set search_path to tenant');
    const connection = new DedicatedConnection(one);
    try {
      const schema = new TableSchema(undefined, new StatementRunner(connection, { budget: 30_000 }));
      expect(await schema.statements((name) => name)()).toBe('public');
    } finally {
      await connection.close();
    }
  });
});

describe('an app that sets the search path of its connections for each tenant', () => {
  const clock = new FakeClock();
  let database: TestDatabase;
  let nodes: IdentitySessionManager[];

  beforeAll(async () => {
    database = await createDatabase();
    await migrate(database.knex, { schema: 'tenant' });
    nodes = await Promise.all([0, 1].map(() => node()));
  });
  afterAll(async () => {
    await Promise.all(nodes.map((each) => each.close()));
    await database.destroy();
  });

  async function node(): Promise<IdentitySessionManager> {
    const knex = database.connect({ pool: { min: 1, max: 1 } });
    await knex.raw('set search_path to tenant');
    return managerOn({ knex, clock });
  }

  it('refuses a revoked session on every node as soon as the change log was read', async () => {
    const [here, there] = nodes as [IdentitySessionManager, IdentitySessionManager];
    const { session, secret } = await here.open({ userId: 'alice' });
    const verify = async () => here.verify({ sessionId: session.sessionId, secret });
    await until(() => !(here.verify({ sessionId: session.sessionId, secret }) instanceof Promise));
    await there.revoke(sessionsOf(session, [session.sessionId]));
    clock.advance(READ_EVERY);
    await until(() =>
      verify().then(
        () => false,
        (error: { code?: string }) => error.code === 'session-ended',
      ),
    );
    expect(here.health().changes?.trusted).toBe(true);
  });

  it('keeps all sessions in one schema', async () => {
    expect(await database.knex('tenant.identity_sessions').count()).toEqual([{ count: '0' }]);
    expect(await database.knex('public.identity_sessions').count()).toEqual([{ count: '1' }]);
  });
});
