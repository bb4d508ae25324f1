import { credentialsHold, ownerLock } from '../../../lib/store/postgres/credential-changes';
import { tablesIn } from '../../../lib/store/postgres/tables';
import { createDatabase, type TestDatabase } from '../../support/database';

describe('ownerLock', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.destroy());

  it('returns different numbers for users of different tenants, and for equal texts that are split differently', async () => {
    const owners = [
      [null, 'alice'],
      ['acme', 'alice'],
      ['acmea', 'lice'],
      ['alice', 'acme'],
    ] as const;
    const locks = await Promise.all(
      owners.map(async ([tenant, user]) => {
        const { rows } = await database.knex.raw<{ rows: { lock: string }[] }>(
          `select ${ownerLock('?::text', '?::text')} as lock`,
          [tenant, user],
        );
        return rows[0]!.lock;
      }),
    );
    expect(new Set(locks).size).toBe(owners.length);
  });

  it('is the lock that the check of credentials takes', () => {
    expect(credentialsHold(tablesIn('public'), '$1', '$2', '$3')).toContain(ownerLock('$1', '$2'));
  });
});
