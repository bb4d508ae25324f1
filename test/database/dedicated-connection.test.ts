import type { Knex } from 'knex';
import type { Client } from 'pg';

import {
  DedicatedConnection,
  type DedicatedConnectionOptions,
} from '../../lib/database/dedicated-connection';
import { StatementRunner } from '../../lib/database/statement-runner';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { turns, until } from '../support/gate';
import { Proxy } from '../support/proxy';

type Done = (error: Error | null, connection: unknown) => void;

const PID = { name: '', text: 'select pg_backend_pid() as pid' };

/** Knex says aloud that connections break, as they do here all the time. */
const QUIET = { warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let clock: FakeClock;
let opened: DedicatedConnection[];
let runner: StatementRunner;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  clock = new FakeClock();
  opened = [];
});
afterEach(() => Promise.all(opened.map((own) => own.close())));
afterAll(() => database.destroy());

function open(knex: Knex, options: DedicatedConnectionOptions = {}): DedicatedConnection {
  const own = new DedicatedConnection(knex, { clock, ...options });
  runner = new StatementRunner(own, { budget: 30_000 });
  opened.push(own);
  return own;
}

const pid = async () => Number((await runner.repeatable(PID, []))[0]!['pid']);

async function isThere(backend: number): Promise<boolean> {
  const { rows } = await database.knex.raw<{ rows: unknown[] }>(
    'select 1 from pg_stat_activity where pid = ?',
    [backend],
  );
  return rows.length > 0;
}

describe('a connection of our own', () => {
  it('is one beside the pool, used again and again', async () => {
    const busy = database.connect({ pool: { min: 0, max: 1 } });
    const held = await busy.transaction();
    open(busy);
    expect(new Set([await pid(), await pid(), await pid()]).size).toBe(1);
    await held.rollback();
  });

  it('is made anew, at once, when it broke', async () => {
    open(database.connect({ log: QUIET }));
    const first = await pid();
    await database.knex.raw('select pg_terminate_backend(?)', [first]);
    expect(await pid()).not.toBe(first);
  });

  it('is set up as the connections of the pool are', async () => {
    const afterCreate = (connection: Client, done: Done) =>
      connection.query(`set application_name to 'set up'`, (error) => done(error, connection));
    open(database.connect({ pool: { min: 0, max: 1, afterCreate } }));
    const name = { name: '', text: `select current_setting('application_name') as name` };
    expect(await runner.repeatable(name, [])).toEqual([{ name: 'set up' }]);
  });

  it('leads elsewhere when it is told to', async () => {
    open(database.knex, { connection: `${database.url}?application_name=elsewhere` });
    const name = { name: '', text: `select current_setting('application_name') as name` };
    expect(await runner.repeatable(name, [])).toEqual([{ name: 'elsewhere' }]);
  });

  it('is made no more once it was closed', async () => {
    const own = open(database.knex);
    const backend = await pid();
    await own.close();
    await own.close();
    expect(await isThere(backend)).toBe(false);
    const borrowed = await own.acquire();
    own.release(borrowed);
    expect(await database.knex.raw('select 1')).toBeDefined();
  });

  it('is closed too when it came too late to be waited for', async () => {
    let done: (() => void) | undefined;
    let backend = 0;
    const afterCreate = (connection: Client & { processID: number }, finished: Done) => {
      if (backend === 0) {
        backend = connection.processID;
        done = () => finished(null, connection);
      } else finished(null, connection);
    };
    open(database.connect({ pool: { min: 0, max: 1, afterCreate } }));
    const asked = pid();
    await until(() => done !== undefined);
    clock.advance(3000);
    expect(await asked).not.toBe(backend);
    done!();
    while (await isThere(backend)) await turns();
  });
});

describe('where none can be made', () => {
  let attempts: number;
  let full: boolean;

  beforeEach(async () => {
    attempts = 0;
    full = true;
    // No jitter: each pause lasts half as long as it may.
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const afterCreate = (connection: Client, done: Done) => {
      attempts++;
      done(full && attempts > 1 ? new Error('too many clients') : null, connection);
    };
    const knex = database.connect({ pool: { min: 0, max: 1, afterCreate } });
    await knex.raw('select 1');
    open(knex);
  });

  it('one of the pool is borrowed', async () => {
    await expect(pid()).resolves.toEqual(expect.any(Number));
  });

  it('it is tried again after a while, which grows up to half a minute', async () => {
    const pauses: number[] = [];
    await pid();
    for (let waited = 0; pauses.length < 9; waited += 125) {
      const before = attempts;
      await pid();
      if (attempts > before) {
        pauses.push(waited);
        waited = 0;
      }
      clock.advance(125);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  it.each([
    [0, 250],
    [0.5, 375],
    [0.99, 500],
  ])('nodes try again at different times: %d', async (chance, pause) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    await pid();
    const before = attempts;
    let waited = 0;
    for (; attempts === before; waited += 25) {
      clock.advance(25);
      await pid();
    }
    expect(waited).toBe(pause);
  });

  it('it begins anew with short whiles after it could be made', async () => {
    for (let attempt = 0; attempt < 5; attempt++) {
      await pid();
      clock.advance(30_000);
    }
    full = false;
    const own = await pid();
    full = true;
    await database.knex.raw('select pg_terminate_backend(?)', [own]);
    await pid();
    const before = attempts;
    clock.advance(250);
    await pid();
    expect(attempts).toBe(before + 1);
  });
});

describe('what it hears', () => {
  let heard: string[];
  const listener = {
    wake: () => heard.push('wake'),
    up: () => heard.push('up'),
    down: (error: unknown) => heard.push(`down: ${String(error)}`),
  };
  const notify = (channel = 'news') => database.knex.raw('select pg_notify(?, ?)', [channel, '']);

  beforeEach(() => {
    heard = [];
  });

  it('are the notices of the channel, from the first use on', async () => {
    open(database.knex).listen('news', listener);
    expect(heard).toEqual([]);
    await pid();
    expect(heard).toEqual(['up']);
    await notify('olds');
    await notify();
    await until(() => heard.length > 1);
    expect(heard).toEqual(['up', 'wake']);
  });

  it('comes on the connection that was there before it was told to listen, too', async () => {
    const own = open(database.knex);
    await pid();
    own.listen('news', listener);
    await pid();
    await notify();
    await until(() => heard.length > 1);
    expect(heard).toEqual(['up', 'wake']);
  });

  it('is nothing more when it is told to stop', async () => {
    const stop = open(database.knex).listen('news', listener);
    const backend = await pid();
    stop();
    await database.knex.raw('select pg_terminate_backend(?)', [backend]);
    await pid();
    expect(heard).toEqual(['up']);
  });

  it('goes on, on a new connection, when the old one was cut', async () => {
    open(database.connect({ log: QUIET })).listen('news', listener);
    await database.knex.raw('select pg_terminate_backend(?)', [await pid()]);
    await until(() => heard.length > 1);
    expect(heard).toEqual(['up', 'down: Error: The connection was lost']);
    await pid();
    await notify();
    await until(() => heard.length > 3);
    expect(heard.slice(2)).toEqual(['up', 'wake']);
  });

  it('goes on when the old one was only half open: whoever uses it finds out, and it is made anew', async () => {
    const proxy = await Proxy.before(database.url);
    const own = open(database.connect({ log: QUIET }), { connection: proxy.through(database.url) });
    own.listen('news', listener);
    await pid();
    proxy.silence();
    const hurried = new StatementRunner(own, { budget: 1000 });
    await expect(hurried.repeatable(PID, [])).rejects.toThrow('cannot be looked up');
    expect(heard).toEqual(['up', 'down: Error: Query read timeout']);
    proxy.resume();
    await pid();
    expect(heard.slice(2)).toEqual(['up']);
    await own.close();
    await proxy.close();
  });

  it('is never asked of a connection that is borrowed', async () => {
    const knex = database.connect({ pool: { min: 0, max: 1 } });
    open(knex, { connection: 'postgres://nobody@127.0.0.1:1/nothing' }).listen('news', listener);
    await pid();
    expect(heard).toEqual([expect.stringMatching(/^down: .*ECONNREFUSED/)]);
    const { rows } = await knex.raw<{ rows: unknown[] }>('select * from pg_listening_channels()');
    expect(rows).toEqual([]);
  });

  it('is nothing where the server does not let it listen; the connection serves, and it is tried again', async () => {
    let refuse = true;
    const refusing = (connection: Client, done: Done) => {
      const query = connection.query.bind(connection) as (...given: unknown[]) => unknown;
      const listenless = (config: { text: string }, ...rest: unknown[]) =>
        query(refuse && /^listen/.test(config.text) ? { text: 'select 1 / 0' } : config, ...rest);
      done(null, Object.assign(connection, { query: listenless }));
    };
    open(database.connect({ pool: { min: 0, max: 1, afterCreate: refusing } })).listen('news', listener);
    const first = await pid();
    expect(heard).toEqual(['down: error: division by zero']);
    refuse = false;
    clock.advance(30_000);
    expect(await pid()).toBe(first);
    expect(heard.slice(1)).toEqual(['up']);
  });
});
