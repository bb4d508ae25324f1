import { ownKnex } from '../../lib/database/own-knex';
import { createDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe('ownKnex()', () => {
  it.each([
    ['a string', (url: string) => url],
    ['an object', (url: string) => ({ connectionString: url })],
    ['a function', (url: string) => async () => ({ connectionString: url })],
  ])('connects with settings that are given as %s', async (_, given) => {
    const knex = ownKnex(given(database.url));
    const { rows } = await knex.raw<{ rows: object[] }>('select current_database() as name');
    expect(rows).toEqual([{ name: new URL(database.url).pathname.slice(1) }]);
    await knex.destroy();
  });

  it('throws a TypeError for invalid settings', () => {
    expect(() => ownKnex('localhost')).toThrow(TypeError);
    expect(() => ownKnex(undefined)).toThrow('`connection` must be a value for Knex');
  });

  it('prints nothing when it cannot connect', async () => {
    const printed = ['log', 'warn', 'error', 'debug'].map((name) => jest.spyOn(console, name as 'log'));
    const knex = ownKnex('postgres://127.0.0.1:1/nothing');
    await expect(knex.raw('select 1')).rejects.toThrow('ECONNREFUSED');
    for (const print of printed) expect(print).not.toHaveBeenCalled();
    await knex.destroy();
  });
});
