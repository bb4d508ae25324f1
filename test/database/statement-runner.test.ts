import { appConnections } from '../../lib/database/knex';
import { inSchema, StatementRunner, type Connection } from '../../lib/database/statement-runner';
import { SessionError } from '../../lib/errors';
import { createDatabase, type TestDatabase } from '../support/database';
import { turns } from '../support/gate';

const ONE = { name: 'one', text: 'select 1 as one' };

let database: TestDatabase;
let runner: StatementRunner;
/** Over the same connections as the pool, with no time to lose. */
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

describe('a statement', () => {
  it('answers rows as plain text, whatever types the app reads', async () => {
    const [row] = await runner.repeatable(
      sql(`select 5::int8 as n, now() is not null as yes, '{"a":1}'::jsonb as j, null as nothing`),
      [],
    );
    expect(row).toEqual({ n: '5', yes: 't', j: '{"a": 1}', nothing: null });
  });

  it('is prepared under its name', async () => {
    await runner.repeatable(ONE, []);
    const names = await runner.repeatable(PREPARED, []);
    expect(names).toContainEqual({ name: 'one' });
  });

  it('is not prepared any more when a pooler has led it to a connection that does not know it', async () => {
    await runner.repeatable(ONE, []);
    await runner.repeatable(sql('deallocate all'), []);
    expect(await runner.once(ONE, [])).toEqual([{ one: '1' }]);
    expect(await runner.repeatable(PREPARED, [])).toEqual([]);
  });

  it('is not prepared any more when a pooler has led it to a connection where somebody else had prepared it', async () => {
    await runner.repeatable(sql('prepare one as select 2'), []);
    expect(await runner.once(ONE, [])).toEqual([{ one: '1' }]);
    await runner.repeatable({ name: 'two', text: 'select 2' }, []);
    expect(await runner.repeatable(PREPARED, [])).toEqual([{ name: 'one' }]);
  });

  it('that takes too long is given up, and its connection is not used again', async () => {
    const before = await runner.repeatable(sql('select pg_backend_pid() as pid'), []);
    await expect(hurried.once(sql('select pg_sleep(60)'), [])).rejects.toEqual(unavailable);
    const after = await runner.repeatable(sql('select pg_backend_pid() as pid'), []);
    expect(after).not.toEqual(before);
  });

  it('that is wrong stays a mistake', async () => {
    await expect(runner.repeatable(sql('select nonsense'), [])).rejects.toMatchObject({ code: '42703' });
  });

  it('says to the client nothing of what the server said', async () => {
    const error: unknown = await hurried
      .once(sql('select pg_sleep(60)'), [])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionError);
    expect((error as Error).message).toBe('The sessions cannot be looked up at the moment.');
    expect((error as Error).cause).toBeInstanceOf(Error);
  });
});

describe('a connection', () => {
  it('that broke while nobody used it is replaced when a question is asked', async () => {
    const [row] = await runner.repeatable(sql('select pg_backend_pid() as pid'), []);
    await database.knex.raw('select pg_terminate_backend(?)', [Number(row!['pid'])]);
    await expect(runner.repeatable(ONE, [])).resolves.toEqual([{ one: '1' }]);
  });

  it('that comes too late is given back unused', async () => {
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

describe('a transaction', () => {
  it('is READ COMMITTED, whatever the database thinks', async () => {
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

  it('is begun again, and written once, when a statement in it turns out not to be prepared', async () => {
    await database.knex.raw('create table notes (note text)');
    await runner.repeatable(ONE, []);
    await runner.repeatable(sql('deallocate all'), []);
    await runner.transaction(async (run) => {
      await run(sql("insert into notes values ('once')"), []);
      await run(ONE, []);
    });
    expect(await database.knex('notes').select()).toEqual([{ note: 'once' }]);
  });

  it('is all or nothing', async () => {
    await runner.once(sql('create table things (n int)'), []);
    const failing = runner.transaction(async (run) => {
      await run(sql('insert into things values (1)'), []);
      throw new TypeError('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await runner.repeatable(sql('select * from things'), [])).toEqual([]);
  });
});

describe('the name of a table', () => {
  it('is quoted with its schema', () => {
    expect(inSchema('t', undefined)).toBe('t');
    expect(inSchema('t', 'Odd "name"')).toBe('"Odd ""name""".t');
  });
});
