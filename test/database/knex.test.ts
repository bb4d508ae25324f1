import knex from 'knex';
import type { Client } from 'pg';

import { appConnections, OwnConnection } from '../../lib/database/knex';
import { Pool } from '../../lib/database/pool';
import { createDatabase, type TestDatabase } from '../support/database';

type Done = (error: Error | null, connection: unknown) => void;

const PID = { name: '', text: 'select pg_backend_pid() as pid' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe("the app's Knex", () => {
  it.each([
    ['nothing', undefined],
    ['an object', {}],
    ['a Knex on another database', knex({ client: 'mysql2' })],
  ])('is not %s', (_, wrong) => {
    expect(() => appConnections(wrong as never)).toThrow(TypeError);
    expect(() => appConnections(wrong as never)).toThrow(/must be a Knex on PostgreSQL/);
  });

  it('is no transaction', async () => {
    const transaction = await database.knex.transaction();
    expect(() => appConnections(transaction)).toThrow(/is a transaction/);
    await transaction.rollback();
  });
});

describe('a connection of our own', () => {
  const pidOf = async (pool: Pool) => Number((await pool.ask(PID, []))[0]!['pid']);

  it('is one beside the pool, used again and again', async () => {
    const busy = database.connect({ pool: { min: 0, max: 1 } });
    const held = await busy.transaction();
    const own = new OwnConnection(busy);
    const pool = new Pool(own, { budget: 1000 });
    const pids = [await pidOf(pool), await pidOf(pool), await pidOf(pool)];
    expect(new Set(pids).size).toBe(1);
    await own.close();
    await held.rollback();
  });

  it('is made anew when it broke', async () => {
    const own = new OwnConnection(database.knex);
    const pool = new Pool(own, { budget: 1000 });
    const pid = await pidOf(pool);
    await database.knex.raw('select pg_terminate_backend(?)', [pid]);
    expect(await pidOf(pool)).not.toBe(pid);
    await own.close();
  });

  it('is set up as the connections of the pool are', async () => {
    const afterCreate = (connection: Client, done: Done) =>
      connection.query(`set application_name to 'set up'`, (error) => done(error, connection));
    const own = new OwnConnection(database.connect({ pool: { min: 0, max: 1, afterCreate } }));
    const [row] = await new Pool(own, { budget: 1000 }).ask(
      { name: '', text: `select current_setting('application_name') as name` },
      [],
    );
    expect(row).toEqual({ name: 'set up' });
    await own.close();
  });

  it('is borrowed from the pool where none can be made', async () => {
    const full = database.connect({
      pool: {
        min: 0,
        max: 1,
        afterCreate: (connection: Client, done: Done) => {
          created++;
          done(created > 1 ? new Error('too many clients') : null, connection);
        },
      },
    });
    let created = 0;
    await full.raw('select 1');
    const own = new OwnConnection(full);
    await expect(pidOf(new Pool(own, { budget: 1000 }))).resolves.toEqual(expect.any(Number));
    await own.close();
  });

  it('is made no more once it was closed', async () => {
    const own = new OwnConnection(database.knex);
    const pid = await pidOf(new Pool(own, { budget: 1000 }));
    await own.close();
    await own.close();
    const { rows } = await database.knex.raw<{ rows: unknown[] }>(
      'select 1 from pg_stat_activity where pid = ?',
      [pid],
    );
    expect(rows).toHaveLength(0);
  });
});
