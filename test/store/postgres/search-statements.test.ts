import type { Knex } from 'knex';

import { cutoffs } from '../../../lib/session/lifetimes';
import { searchStatements, type BoundStatement } from '../../../lib/store/postgres/search-statements';
import { SORT_KEYS } from '../../../lib/session/order';
import type { Search } from '../../../lib/store/store';
import { tablesIn } from '../../../lib/store/postgres/tables';
import { createDatabase, type TestDatabase } from '../../support/database';
import { LIFETIMES } from '../../support/sessions';

const { page, count } = searchStatements(tablesIn('public'));
const live = cutoffs(LIFETIMES, Date.UTC(2026, 0, 1));
const NEWEST: Search = {
  filter: {},
  cutoffs: live,
  order: [{ by: 'signedIn', descending: true }],
  skip: 0,
  take: 50,
};

describe('searchStatements', () => {
  it('passes all conditions as parameters and not in the SQL text', () => {
    const filter = { tenantId: "o'tenant", userId: "o'user", device: "o'device", clientId: "o'client" };
    const after = { signedIn: 1, sessionId: '0'.repeat(32) };
    for (const { statement, values } of [page({ ...NEWEST, filter, after }), count(filter, live)]) {
      expect(statement.text).not.toContain("o'");
      expect(values).toEqual(expect.arrayContaining(Object.values(filter)));
    }
  });

  it('maps every sort key to a column', () => {
    for (const by of SORT_KEYS) {
      expect(page({ ...NEWEST, order: [{ by, descending: true }] }).statement.text).not.toContain(
        'undefined',
      );
    }
  });
});

describe('searchStatements on 20,000 sessions', () => {
  let database: TestDatabase;
  let connection: Knex.Transaction;

  beforeAll(async () => {
    database = await createDatabase();
    await database.knex.raw(`
      insert into identity_sessions
        (session_id, secret_hash, tenant_id, user_id, device, client_id, stay_signed_in, signed_in, active_day, ended_at)
      select gen_random_uuid(), '', case when i % 2000 = 4 then 'rare' else nullif('tenant ' || i % 50, 'tenant 0') end, 'user ' || i, 'kind ' || i % 2000,
        'client ' || i % 2000, true, moment, moment::date, case when i % 4 = 0 then moment end
      from generate_series(1, 20000) as i, lateral (select timestamptz '2025-12-31' - i * interval '20 seconds') as at (moment);
      analyze identity_sessions`);
    connection = await database.knex.transaction();
  });
  afterAll(async () => {
    await connection.rollback();
    await database.destroy();
  });

  const after = { signedIn: Date.UTC(2025, 11, 30, 20), sessionId: '0'.repeat(32) };

  it.each<[string, BoundStatement, string]>([
    ['the newest sessions of all tenants', page(NEWEST), 'identity_sessions_signed_in'],
    [
      'the newest sessions of one tenant',
      page({ ...NEWEST, filter: { tenantId: 'tenant 7' } }),
      'identity_sessions_tenant',
    ],
    ['a later page of all sessions', page({ ...NEWEST, after }), 'identity_sessions_signed_in'],
    [
      'a later page of one tenant',
      page({ ...NEWEST, filter: { tenantId: 'tenant 7' }, after }),
      'identity_sessions_tenant',
    ],
    [
      'the sessions that were used last',
      page({ ...NEWEST, order: [{ by: 'lastAccessed', descending: true }] }),
      'identity_sessions_active_day',
    ],
    [
      'the newest ended sessions',
      page({ ...NEWEST, filter: { state: 'ended' } }),
      'identity_sessions_ended_signed_in',
    ],
    [
      'the newest sessions in any state',
      page({ ...NEWEST, filter: { state: 'any' } }),
      'identity_sessions_ended_signed_in',
    ],
    [
      'a later page in any state',
      page({ ...NEWEST, filter: { state: 'any' }, after }),
      'identity_sessions_ended_signed_in',
    ],
    [
      'the ended sessions of a small tenant',
      page({ ...NEWEST, filter: { state: 'ended', tenantId: 'rare' } }),
      'identity_sessions_ended_tenant',
    ],
    [
      'the ended sessions that were used last',
      page({ ...NEWEST, filter: { state: 'any' }, order: [{ by: 'lastAccessed', descending: true }] }),
      'identity_sessions_ended_day',
    ],
    [
      'the sessions by user',
      page({ ...NEWEST, order: [{ by: 'userId', descending: false }] }),
      'identity_sessions_owner',
    ],
    [
      'the ended sessions by user',
      page({ ...NEWEST, filter: { state: 'ended' }, order: [{ by: 'userId', descending: false }] }),
      'identity_sessions_ended_owner',
    ],
    [
      'the sessions of a rare client',
      page({ ...NEWEST, filter: { clientId: 'client 7' } }),
      'identity_sessions_client',
    ],
    [
      'the sessions on a rare kind of device',
      page({ ...NEWEST, filter: { device: 'kind 7' } }),
      'identity_sessions_device',
    ],
    [
      'the sessions of one user',
      page({ ...NEWEST, filter: { userId: 'user 7' } }),
      'identity_sessions_owner',
    ],
  ])('read %s in the order of an index', async (_, { statement, values }, index) => {
    const text = statement.text.replaceAll(/\$(\d+)/g, (_match, at: string) =>
      literal(values[Number(at) - 1]),
    );
    const { rows } = await connection.raw<{ rows: { 'QUERY PLAN': string }[] }>(`explain ${text}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(new RegExp(`(using|on) ${index}\\b`));
    expect(plan).not.toContain('Seq Scan on identity_sessions s');
  });

  function literal(value: unknown): string {
    return typeof value === 'number' ? `'${value}'` : `'${String(value)}'`;
  }
});
