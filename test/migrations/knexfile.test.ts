import createKnex, { type Knex } from 'knex';
import type { Client } from 'pg';

import { migrationKnexfile } from '../../lib/migrations';
import { emptyDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';

let database: TestDatabase;

beforeEach(async () => {
  database = await emptyDatabase();
});
afterEach(() => database.destroy());

/** Knex logs an error of a connection that it cannot open. */
const SILENT: Knex.Logger = { warn: () => undefined };

type Done = (error: unknown, connection: unknown) => void;

describe('migrationKnexfile()', () => {
  const own = (pool: Knex.PoolConfig) =>
    database.connect(
      migrationKnexfile(
        { client: 'pg', connection: database.url, pool, log: SILENT },
        { schema: 'sessions' },
      ),
    );

  it.each([undefined, 'pg', {}, { development: { client: 'pg' } }])(
    'rejects the configuration %j',
    (config) => {
      expect(() => migrationKnexfile(config as never)).toThrow(TypeError);
      expect(() => migrationKnexfile(config as never)).toThrow('needs the configuration of one environment');
    },
  );

  it('keeps the other settings, and does not change the given configuration', () => {
    const connection = 'postgres://localhost/app';
    const migrationsOfApp = { directory: './migrations' };
    const config = { client: 'pg', connection, pool: { max: 3 }, migrations: migrationsOfApp, seeds: {} };
    const before = structuredClone(config);
    const { pool, migrations, ...others } = migrationKnexfile(config, { schema: 'sessions' });
    expect(others).toEqual({ client: 'pg', connection, seeds: {} });
    expect(pool).toEqual({ max: 3, afterCreate: expect.any(Function) });
    expect(migrations).not.toHaveProperty('directory');
    expect(config).toEqual(before);
    expect(migrationKnexfile(config).pool).toEqual({ max: 3 });
  });

  it.each([undefined, ''])(
    'fails when Knex connects, and not before, if the connection is %j',
    async (connection) => {
      const knex = createKnex(migrationKnexfile({ client: 'pg', connection, log: SILENT }));
      await expect(knex.migrate.list()).rejects.toThrow(
        'has no `connection`: set it, or the environment variable',
      );
      await knex.destroy();
    },
  );

  it("creates the schema after the app's own function has set the connection up", async () => {
    const afterCreate = (connection: Client, done: Done) => {
      connection.query("set application_name = 'set up'", (error: Error | null) => done(error, connection));
    };
    const knex = own({ min: 0, max: 1, afterCreate });
    await knex.migrate.latest();
    expect(await knex.schema.withSchema('sessions').hasTable('identity_sessions')).toBe(true);
    expect((await knex.raw<{ rows: object[] }>('show application_name')).rows).toEqual([
      { application_name: 'set up' },
    ]);
  });

  it("fails with the error of the app's own function", async () => {
    const afterCreate = (connection: Client, done: Done) => done(new Error('not set up'), connection);
    await expect(own({ min: 0, max: 1, afterCreate }).migrate.latest()).rejects.toThrow('not set up');
    expect(await database.knex('pg_namespace').where({ nspname: 'sessions' })).toEqual([]);
  });

  it('closes the connection if the schema cannot be created', async () => {
    const connection = `${database.url}?application_name=own`;
    const config = { client: 'pg', connection, pool: { min: 0, max: 1 }, log: SILENT };
    const knex = createKnex(migrationKnexfile(config, { schema: 'pg_reserved' }));
    await expect(knex.migrate.latest()).rejects.toThrow('unacceptable schema name "pg_reserved"');
    await until(async () => {
      const open = await database.knex('pg_stat_activity').where({ application_name: 'own' }).pluck('pid');
      return open.length === 0;
    });
    await knex.destroy();
  });
});
