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

/** Suppresses Knex's warnings about broken connections, which these tests cause on purpose. */
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

async function isConnected(backend: number): Promise<boolean> {
  const { rows } = await database.knex.raw<{ rows: unknown[] }>(
    'select 1 from pg_stat_activity where pid = ?',
    [backend],
  );
  return rows.length > 0;
}

describe('DedicatedConnection', () => {
  it('uses one connection beside the busy pool, again and again', async () => {
    const busy = database.connect({ pool: { min: 0, max: 1 } });
    const held = await busy.transaction();
    open(busy);
    expect(new Set([await pid(), await pid(), await pid()]).size).toBe(1);
    await held.rollback();
  });

  it('opens a new connection immediately after the old one broke', async () => {
    open(database.connect({ log: QUIET }));
    const first = await pid();
    await database.knex.raw('select pg_terminate_backend(?)', [first]);
    expect(await pid()).not.toBe(first);
  });

  it('applies the afterCreate of the pool to its connection', async () => {
    const afterCreate = (connection: Client, done: Done) =>
      connection.query(`set application_name to 'set up'`, (error) => done(error, connection));
    open(database.connect({ pool: { min: 0, max: 1, afterCreate } }));
    const name = { name: '', text: `select current_setting('application_name') as name` };
    expect(await runner.repeatable(name, [])).toEqual([{ name: 'set up' }]);
  });

  it('uses other connection settings if they are given', async () => {
    open(database.knex, { connection: `${database.url}?application_name=elsewhere` });
    const name = { name: '', text: `select current_setting('application_name') as name` };
    expect(await runner.repeatable(name, [])).toEqual([{ name: 'elsewhere' }]);
  });

  it('opens no connection after close() and borrows from the pool instead', async () => {
    const own = open(database.knex);
    const backend = await pid();
    await own.close();
    await own.close();
    expect(await isConnected(backend)).toBe(false);
    const borrowed = await own.acquire();
    own.release(borrowed);
    expect(await database.knex.raw('select 1')).toBeDefined();
  });

  it('closes its connection in rest() without reporting it, and opens another and listens at the next use', async () => {
    const own = open(database.knex);
    const calls: string[] = [];
    own.listen('identity_session_changes', {
      notify: () => calls.push('notify'),
      up: () => calls.push('up'),
      down: () => calls.push('down'),
    });
    const first = await pid();
    await own.rest();
    await own.rest();
    await until(async () => !(await isConnected(first)));
    expect(calls).toEqual(['up']);
    expect(await pid()).not.toBe(first);
    expect(calls).toEqual(['up', 'up']);
    await database.knex.raw('notify identity_session_changes');
    await until(() => calls.includes('notify'));
  });

  it('closes a connection that was opened after the timeout', async () => {
    let done: (() => void) | undefined;
    let backend = 0;
    const afterCreate = (connection: Client & { processID: number }, finished: Done) => {
      if (backend === 0) {
        backend = connection.processID;
        done = () => finished(null, connection);
      } else finished(null, connection);
    };
    open(database.connect({ pool: { min: 0, max: 1, afterCreate } }));
    const answer = pid();
    await until(() => done !== undefined);
    clock.advance(3000);
    expect(await answer).not.toBe(backend);
    done!();
    while (await isConnected(backend)) await turns();
  });
});

describe('DedicatedConnection with several borrowers', () => {
  it('lends the connection to one borrower at a time', async () => {
    const own = open(database.knex);
    const order: string[] = [];
    const borrow = async (name: string) => {
      const connection = await own.acquire();
      order.push(`${name} borrows`);
      await connection.query({ text: 'select 1' });
      await turns();
      order.push(`${name} releases`);
      own.release(connection);
      return connection;
    };
    const borrowed = await Promise.all(['one', 'two', 'three'].map(borrow));
    expect(new Set(borrowed).size).toBe(1);
    expect(order.filter((_, index) => index % 2 === 0)).toEqual([
      'one borrows',
      'two borrows',
      'three borrows',
    ]);
  });

  it('opens a new connection for the others if one of them breaks it', async () => {
    open(database.connect({ log: QUIET }));
    const first = await pid();
    const broken = runner.repeatable({ name: '', text: 'select pg_terminate_backend(pg_backend_pid())' }, []);
    const others = await Promise.all([broken.catch(() => first), pid(), pid(), pid()]);
    expect(others.slice(1)).not.toContain(first);
    expect(new Set(others.slice(1)).size).toBe(1);
  });

  it('lends connections of the pool to all that wait when it is closed', async () => {
    const own = open(database.knex);
    const first = await own.acquire();
    const waiting = [own.acquire(), own.acquire()];
    await turns();
    const closing = own.close();
    own.release(first);
    for (const borrowed of await Promise.all(waiting)) own.release(borrowed);
    await closing;
    expect(await database.knex.raw('select 1')).toBeDefined();
  });
});

describe('DedicatedConnection when no connection can be opened', () => {
  let attempts: number;
  let full: boolean;

  beforeEach(async () => {
    attempts = 0;
    full = true;
    // Without jitter, every pause has its shortest length, which is half of the longest.
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const afterCreate = (connection: Client, done: Done) => {
      attempts++;
      done(full && attempts > 1 ? new Error('too many clients') : null, connection);
    };
    const knex = database.connect({ pool: { min: 0, max: 1, afterCreate } });
    await knex.raw('select 1');
    open(knex);
  });

  it('borrows a connection from the pool', async () => {
    await expect(pid()).resolves.toEqual(expect.any(Number));
  });

  it('tries again after pauses that double up to 30 seconds, before jitter', async () => {
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
  ])('adds jitter to the pause, so that for the random number %d it is %d ms', async (chance, pause) => {
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

  it('starts again with the shortest pause after a connection was opened', async () => {
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

describe('DedicatedConnection.listen()', () => {
  let events: string[];
  const listener = {
    notify: () => events.push('notify'),
    up: () => events.push('up'),
    down: (error: unknown) => events.push(`down: ${String(error)}`),
  };
  const notify = (channel = 'news') => database.knex.raw('select pg_notify(?, ?)', [channel, '']);

  beforeEach(() => {
    events = [];
  });

  it('receives the notifications of its channel from the first use of the connection on', async () => {
    open(database.knex).listen('news', listener);
    expect(events).toEqual([]);
    await pid();
    expect(events).toEqual(['up']);
    await notify('other');
    await notify();
    await until(() => events.length > 1);
    expect(events).toEqual(['up', 'notify']);
  });

  it('sends LISTEN on a connection that was opened before', async () => {
    const own = open(database.knex);
    await pid();
    own.listen('news', listener);
    await pid();
    await notify();
    await until(() => events.length > 1);
    expect(events).toEqual(['up', 'notify']);
  });

  it('calls no callback after it was stopped', async () => {
    const stop = open(database.knex).listen('news', listener);
    const backend = await pid();
    stop();
    await database.knex.raw('select pg_terminate_backend(?)', [backend]);
    await pid();
    expect(events).toEqual(['up']);
  });

  it('listens again on a new connection after the old one was terminated', async () => {
    open(database.connect({ log: QUIET })).listen('news', listener);
    await database.knex.raw('select pg_terminate_backend(?)', [await pid()]);
    await until(() => events.length > 1);
    expect(events).toEqual(['up', 'down: Error: The connection was lost']);
    await pid();
    await notify();
    await until(() => events.length > 3);
    expect(events.slice(2)).toEqual(['up', 'notify']);
  });

  it('replaces a half-open connection after a statement on it timed out, and listens again', async () => {
    const proxy = await Proxy.before(database.url);
    const own = open(database.connect({ log: QUIET }), { connection: proxy.through(database.url) });
    own.listen('news', listener);
    await pid();
    proxy.silence();
    const hurried = new StatementRunner(own, { budget: 1000 });
    await expect(hurried.repeatable(PID, [])).rejects.toThrow('cannot be checked at the moment');
    expect(events).toEqual(['up', 'down: Error: Query read timeout']);
    proxy.resume();
    await pid();
    expect(events.slice(2)).toEqual(['up']);
    await own.close();
    await proxy.close();
  });

  it('never sends LISTEN on a borrowed connection', async () => {
    const knex = database.connect({ pool: { min: 0, max: 1 } });
    open(knex, { connection: 'postgres://nobody@127.0.0.1:1/nothing' }).listen('news', listener);
    await pid();
    expect(events).toEqual([expect.stringMatching(/^down: .*ECONNREFUSED/)]);
    const { rows } = await knex.raw<{ rows: unknown[] }>('select * from pg_listening_channels()');
    expect(rows).toEqual([]);
  });

  it('keeps the connection and tries again later if the server refuses LISTEN', async () => {
    let refuse = true;
    const refusing = (connection: Client, done: Done) => {
      const query = connection.query.bind(connection) as (...given: unknown[]) => unknown;
      const withoutListen = (config: { text: string }, ...rest: unknown[]) =>
        query(refuse && /^listen/.test(config.text) ? { text: 'select 1 / 0' } : config, ...rest);
      done(null, Object.assign(connection, { query: withoutListen }));
    };
    open(database.connect({ pool: { min: 0, max: 1, afterCreate: refusing } })).listen('news', listener);
    const first = await pid();
    expect(events).toEqual([expect.stringMatching(/^down: .*SQLSTATE 22012/)]);
    refuse = false;
    clock.advance(30_000);
    expect(await pid()).toBe(first);
    expect(events.slice(1)).toEqual(['up']);
  });
});
