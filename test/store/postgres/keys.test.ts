import { appConnections } from '../../../lib/database/knex';
import { StatementRunner } from '../../../lib/database/statement-runner';
import { TableSchema } from '../../../lib/database/table-schema';
import { postgresKeys } from '../../../lib/store/postgres/keys';
import { createDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let other: TestDatabase;

beforeAll(async () => {
  [database, other] = await Promise.all([createDatabase(), createDatabase()]);
});
afterAll(() => Promise.all([database.destroy(), other.destroy()]));

function keysOf({ knex }: TestDatabase) {
  const runner = new StatementRunner(appConnections(knex), { budget: 30_000 });
  return postgresKeys(runner, new TableSchema(undefined, runner));
}

describe('postgresKeys', () => {
  it('returns the key of 32 bytes that the migration created, the same on every node', async () => {
    const [[key], [again]] = await Promise.all([keysOf(database)(), keysOf(database)()]);
    expect(key).toHaveLength(32);
    expect(again).toEqual(key);
  });

  it('throws an error with the fix if the key is missing', async () => {
    await other.knex('identity_session_keys').delete();
    await expect(keysOf(other)()).rejects.toThrow('set the option `keys`');
  });
});
