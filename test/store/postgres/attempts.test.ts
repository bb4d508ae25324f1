import { appConnections } from '../../../lib/database/knex';
import { StatementRunner } from '../../../lib/database/statement-runner';
import { TableSchema } from '../../../lib/database/table-schema';
import type { SignInAttempts } from '../../../lib/store/attempts';
import { postgresAttempts } from '../../../lib/store/postgres/attempts';
import { createDatabase, type TestDatabase } from '../../support/database';
import { testSignInAttempts } from '../attempts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.knex('identity_session_attempts').delete();
});
afterAll(() => database.destroy());

function make(): SignInAttempts {
  const runner = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
  return postgresAttempts(runner, new TableSchema(undefined, runner));
}

describe('postgresAttempts', () => {
  testSignInAttempts(make);

  it('prunes accounts without a recent failure, and those with addresses when they were not used for long', async () => {
    const attempts = make();
    const [old, recent] = [1_000, 2_000_000];
    const ids = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
    const attempt = (index: number) => ({ account: ids[index]!, address: ids[index]! });
    await attempts.begin(attempt(0), old);
    await attempts.begin(attempt(1), recent);
    await attempts.succeed(attempt(2), old);
    await attempts.succeed(attempt(3), recent);
    const left = async () => {
      const rows = await database.knex('identity_session_attempts').pluck<Buffer[]>('account');
      return rows.map((account) => account.toString('hex')).sort();
    };
    expect(await attempts.prune({ failedAfter: old, knownAfter: 0 }, 100)).toBe(1);
    expect(await left()).toEqual(ids.slice(1));
    expect(await attempts.prune({ failedAfter: recent, knownAfter: old }, 1)).toBe(1);
    expect(await attempts.prune({ failedAfter: recent, knownAfter: old }, 100)).toBe(1);
    expect(await left()).toEqual(ids.slice(3));
  });
});
