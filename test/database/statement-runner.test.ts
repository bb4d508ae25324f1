import { appConnections } from '../../lib/database/knex';
import { inSchema, StatementRunner, type Connection } from '../../lib/database/statement-runner';
import { SessionError } from '../../lib/errors';
import { createDatabase, type TestDatabase } from '../support/database';
import { turns } from '../support/gate';

const ONE = { name: 'one', text: 'select 1 as one' };

let database: TestDatabase;
let runner: StatementRunner;
/** Uses the same connections with a budget of only one second. */
let hurried: StatementRunner;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  const knex = database.connect({ pool: { min: 0, max: 2 }, log: { warn: () => undefined } });
  runner = new StatementRunner(appConnections(knex), { budget: 30_000 });
  hurried = new StatementRunner(appConnections(knex), { budget: 1000 });
});
afterAll(() => database.destroy());

const unavailable = expect.objectContaining({ code: 'store-unavailable', retryAfter: 1 });
const sql = (text: string) => ({ name: '', text });
const PREPARED = sql('select name from pg_prepared_statements');

describe('StatementRunner', () => {
  it('returns all column values as text', async () => {
    const [row] = await runner.repeatable(
      sql(`select 5::int8 as n, now() is not null as yes, '{"a":1}'::jsonb as j, null as nothing`),
      [],
    );
    expect(row).toEqual({ n: '5', yes: 't', j: '{"a": 1}', nothing: null });
  });

  it('returns text if the app asked for binary results, and leaves its other queries binary', async () => {
    const knex = database.connect({ connection: { connectionString: database.url, binary: true } as object });
    const binary = new StatementRunner(appConnections(knex), { budget: 30_000 });
    const [row] = await binary.repeatable(
      sql('select $1::int8 as n, true as yes, gen_random_uuid() as id'),
      [5],
    );
    expect(row).toEqual({ n: '5', yes: 't', id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const { rows } = await knex.raw<{ rows: { id: unknown }[] }>('select ?::uuid as id', [row!['id']!]);
    expect(rows[0]!.id).not.toBe(row!['id']);
  });

  it('prepares a statement under its name', async () => {
    await runner.repeatable(ONE, []);
    const names = await runner.repeatable(PREPARED, []);
    expect(names).toContainEqual({ name: 'one' });
  });

  it('stops preparing statements when a prepared statement is missing, as behind a pooler', async () => {
    await runner.repeatable(ONE, []);
    await runner.repeatable(sql('deallocate all'), []);
    expect(await runner.once(ONE, [])).toEqual([{ one: '1' }]);
    expect(await runner.repeatable(PREPARED, [])).toEqual([]);
  });

  it('stops preparing statements when the name already exists, as behind a pooler', async () => {
    await runner.repeatable(sql('prepare one as select 2'), []);
    expect(await runner.once(ONE, [])).toEqual([{ one: '1' }]);
    await runner.repeatable({ name: 'two', text: 'select 2' }, []);
    expect(await runner.repeatable(PREPARED, [])).toEqual([{ name: 'one' }]);
  });

  it('rejects with store-unavailable when no connection can be opened, whatever error the app throws', async () => {
    const fetchFailed = new TypeError('fetch failed');
    const source = { acquire: () => Promise.reject(fetchFailed), release: () => undefined };
    const broken = new StatementRunner(source, { budget: 1000 });
    await expect(broken.repeatable(ONE, [])).rejects.toEqual(unavailable);
    await expect(broken.once(ONE, [])).rejects.toMatchObject({ cause: fetchFailed });
  });

  it('rejects with store-unavailable when a statement exceeds the budget, and does not use its connection again', async () => {
    const before = await runner.repeatable(sql('select pg_backend_pid() as pid'), []);
    await expect(hurried.once(sql('select pg_sleep(60)'), [])).rejects.toEqual(unavailable);
    const after = await runner.repeatable(sql('select pg_backend_pid() as pid'), []);
    expect(after).not.toEqual(before);
  });

  it('rejects with the original error of an incorrect statement', async () => {
    await expect(runner.repeatable(sql('select nonsense'), [])).rejects.toMatchObject({ code: '42703' });
  });

  it('keeps the message of the server out of the refusal and in its cause', async () => {
    const error: unknown = await hurried
      .once(sql('select pg_sleep(60)'), [])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionError);
    expect((error as Error).message).toBe('The session cannot be checked at the moment; try again later.');
    expect((error as Error).cause).toBeInstanceOf(Error);
  });
});

describe('StatementRunner after the type of a column has changed', () => {
  const FIND = { name: 'find', text: 'select word from words' };
  const NAMES = sql(`select count(*) from pg_prepared_statements where name like 'find%'`);

  beforeEach(async () => {
    await database.knex.raw(`create table words (word text); insert into words values ('one')`);
  });
  afterEach(() => database.knex.raw('drop table words'));

  const changeType = (type: string) => database.knex.raw(`alter table words alter word type ${type}`);

  it('prepares its statements anew', async () => {
    for (const type of ['varchar(8)', 'varchar(16)', 'text']) {
      await runner.repeatable(FIND, []);
      await changeType(type);
      expect(await runner.repeatable(FIND, [])).toEqual([{ word: 'one' }]);
      expect(await runner.once(FIND, [])).toEqual([{ word: 'one' }]);
    }
    expect(await runner.repeatable(NAMES, [])).toEqual([{ count: '4' }]);
  });

  it('runs a transaction again, which writes once', async () => {
    await runner.repeatable(FIND, []);
    await changeType('varchar(8)');
    const rows = await runner.transaction(async (run) => {
      await run(sql(`insert into words values ('two')`), []);
      return run(FIND, []);
    });
    expect(rows).toEqual([{ word: 'one' }, { word: 'two' }]);
    expect(await runner.repeatable(FIND, [])).toEqual(rows);
  });

  it('answers all of many parallel calls, on all connections of the pool and from two runners', async () => {
    const other = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
    const third = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
    const calls = () => Promise.all([other, third, other, third].map((each) => each.once(FIND, [])));
    await calls();
    for (const type of ['varchar(8)', 'varchar(16)']) {
      await changeType(type);
      expect(await other.once(FIND, [])).toEqual([{ word: 'one' }]);
      expect(await calls()).toEqual(Array(4).fill([{ word: 'one' }]));
    }
  });
});

describe('StatementRunner on a database with a higher default isolation level', () => {
  const COUNT = sql('update counters set n = n + 1 returning n');

  beforeEach(() => database.knex.raw('create table counters (n int); insert into counters values (0)'));
  afterEach(() => database.knex.raw('drop table counters'));

  it.each(['repeatable read', 'serializable'])(
    'runs a statement again after a conflict under %s, and writes once',
    async (level) => {
      const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
      const knex = database.connect({ connection: { connectionString: database.url, options } });
      const strict = new StatementRunner(appConnections(knex), { budget: 30_000 });
      expect(await strict.once(sql('show transaction_isolation'), [])).toEqual([
        { transaction_isolation: level },
      ]);
      const other = await database.knex.transaction();
      await other.raw('update counters set n = n + 1');
      const counted = strict.once(COUNT, []);
      await lockWait();
      await other.commit();
      expect(await counted).toEqual([{ n: '2' }]);
    },
  );

  /** Resolves when a statement in this database waits for a lock. */
  async function lockWait(): Promise<void> {
    const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    for (let attempt = 0; attempt < 2000; attempt++) {
      const { rows } = await database.knex.raw<{ rows: unknown[] }>(waits);
      if (rows.length > 0) return;
    }
    throw new Error('No statement waited for a lock');
  }

  it('rejects with store-unavailable if conflicts last longer than the budget', async () => {
    const conflict = sql(`do $$ begin raise exception 'conflict' using errcode = '40001'; end $$`);
    await expect(hurried.once(conflict, [])).rejects.toEqual(unavailable);
  });
});

describe('StatementRunner and its connections', () => {
  it('runs a repeatable statement again when its idle connection had broken', async () => {
    const [row] = await runner.repeatable(sql('select pg_backend_pid() as pid'), []);
    await database.knex.raw('select pg_terminate_backend(?)', [Number(row!['pid'])]);
    await expect(runner.repeatable(ONE, [])).resolves.toEqual([{ one: '1' }]);
  });

  it('releases a connection that arrives after the budget without using it', async () => {
    const released: unknown[] = [];
    const late = { query: () => Promise.reject(new Error('must not be used')) } satisfies Connection;
    let deliver!: (connection: Connection) => void;
    const slow = new StatementRunner(
      {
        acquire: () => new Promise((resolve) => (deliver = resolve)),
        release: (connection) => released.push(connection),
      },
      { budget: 20 },
    );
    await expect(slow.repeatable(ONE, [])).rejects.toEqual(unavailable);
    expect(released).toEqual([]);
    deliver(late);
    await turns();
    expect(released).toEqual([late]);
  });
});

describe('StatementRunner.transaction()', () => {
  it('uses READ COMMITTED even if the database has a higher default', async () => {
    const strict = new StatementRunner(
      appConnections(
        database.connect({
          connection: `${database.url}?options=-c%20default_transaction_isolation%3Dserializable`,
        }),
      ),
      { budget: 30_000 },
    );
    const level = await strict.transaction((run) => run(sql('show transaction_isolation'), []));
    expect(level).toEqual([{ transaction_isolation: 'read committed' }]);
  });

  it('starts again and writes once when a prepared statement in it is missing', async () => {
    await database.knex.raw('create table notes (note text)');
    await runner.repeatable(ONE, []);
    await runner.repeatable(sql('deallocate all'), []);
    await runner.transaction(async (run) => {
      await run(sql("insert into notes values ('once')"), []);
      await run(ONE, []);
    });
    expect(await database.knex('notes').select()).toEqual([{ note: 'once' }]);
  });

  it('rolls back if the work throws', async () => {
    await runner.once(sql('create table things (n int)'), []);
    const failing = runner.transaction(async (run) => {
      await run(sql('insert into things values (1)'), []);
      throw new TypeError('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await runner.repeatable(sql('select * from things'), [])).toEqual([]);
  });
});

describe('inSchema()', () => {
  it('returns the table with its quoted schema', () => {
    expect(inSchema('t', 'Odd "name"')).toBe('"Odd ""name""".t');
  });
});
