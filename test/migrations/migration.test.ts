import type { Knex } from 'knex';

import { migration, migrationConfig } from '../../lib/migrations';
import { createSchema } from '../../lib/migrations/migration';
import { emptyDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';

let database: TestDatabase;

beforeEach(async () => {
  database = await emptyDatabase();
});
afterEach(() => database.destroy());

const hasSessions = (schema: string) => database.knex.schema.withSchema(schema).hasTable('identity_sessions');

describe('migration()', () => {
  it.each([
    [
      '002_unknown',
      {},
      'express-identity-sessions has no migration "002_unknown": it has 001_identity_sessions',
    ],
    [undefined, {}, 'has no migration undefined'],
    ['001_identity_sessions', { tableName: 'history' }, 'there is no option `tableName`'],
    ['001_identity_sessions', { schema: '' }, 'it must be the name of a schema'],
    ['001_identity_sessions', { schema: 'a.b' }, 'it must be the name of a schema'],
  ])('rejects %j with the options %j', (name, options, problem) => {
    const act = () => migration(name as never, options as never);
    expect(act).toThrow(TypeError);
    expect(act).toThrow(problem);
  });

  it('runs in a transaction of a Knex whose mappers unwrap rows, and creates the schema', async () => {
    const postProcessResponse = (result: { rows?: unknown }) => result.rows ?? result;
    const knex = database.connect({ postProcessResponse });
    const { up, down } = migration('001_identity_sessions', { schema: 'Its "own"' });
    await knex.transaction(up);
    expect(await hasSessions('Its "own"')).toBe(true);
    await knex.transaction(down);
    expect(await hasSessions('Its "own"')).toBe(false);
    await knex.transaction(up);
    expect(await hasSessions('Its "own"')).toBe(true);
  });

  it('leaves nothing behind if the transaction is rolled back', async () => {
    const { up } = migration('001_identity_sessions', { schema: 'sessions' });
    const act = database.knex.transaction(async (transaction) => {
      await up(transaction);
      throw new Error('later');
    });
    await expect(act).rejects.toThrow('later');
    expect(await database.knex('pg_namespace').where({ nspname: 'sessions' })).toEqual([]);
  });

  it.each([
    ['migration()', (knex: Knex) => migration('001_identity_sessions').up(knex)],
    ['migrationConfig()', (knex: Knex) => knex.migrate.up(migrationConfig())],
  ])('says what to do if the search path contains no schema that exists: %s', async (name, act) => {
    const log = { warn: () => undefined, error: () => undefined };
    const knex = database.connect({ searchPath: ['missing'], log });
    const problem =
      name === 'migration()'
        ? 'contains no schema that exists: create one, or pass `schema`'
        : 'no schema has been selected to create in';
    await expect(act(knex)).rejects.toThrow(problem);
  });
});

describe('createSchema()', () => {
  it.each(['sessions', `it's "quoted" $$ \\ é`])(
    'creates the schema %s, also while another process does',
    async (name) => {
      const [one, other] = [database.knex, database.connect()];
      const transaction = await one.transaction();
      await transaction.raw(createSchema(name));
      const waiting = other.raw(createSchema(name)).then(() => 'created');
      await until(async () => {
        const waits = one('pg_stat_activity')
          .where({ wait_event_type: 'Lock' })
          .whereRaw('datname = current_database()');
        return (await waits.pluck('pid')).length === 1;
      });
      await transaction.commit();
      expect(await waiting).toBe('created');
      await one.raw(createSchema(name));
      expect(await one('pg_namespace').where({ nspname: name }).pluck('nspname')).toEqual([name]);
    },
  );
});
