import { appConnections } from '../../../lib/database/knex';
import { StatementRunner } from '../../../lib/database/statement-runner';
import { TableSchema } from '../../../lib/database/table-schema';
import { postgres } from '../../../lib/store/postgres/postgres';
import { postgresTrail } from '../../../lib/store/postgres/trail';
import { createDatabase, type TestDatabase } from '../../support/database';
import { admission, ALICE, aSession } from '../../support/sessions';
import { idColumns, idOf } from '../../support/rows';
import { testTrail } from '../trail';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => database.empty());
afterAll(() => database.destroy());

function make() {
  const runner = new StatementRunner(appConnections(database.knex), { budget: 30_000 });
  const schema = new TableSchema(undefined, runner);
  return { store: postgres(runner, { schema }), trail: postgresTrail(runner, schema) };
}

describe('postgresTrail', () => {
  testTrail(make);

  it('records a session that an administrator ends by hand', async () => {
    const now = Date.now();
    await make().store.insert(aSession(now), admission(now));
    await database.knex('identity_sessions').update({ ended_at: database.knex.fn.now(), ended_by: 'dba' });
    const [entry] = await make().trail.list({ owner: ALICE, take: 1 });
    expect(entry).toMatchObject({ event: 'ended', actor: 'dba', reason: null });
  });

  it('leaves no entry of an act that was rolled back', async () => {
    const now = Date.now();
    const rolledBack = database.knex.transaction(async (transaction) => {
      await transaction.raw(
        `insert into identity_sessions (${idColumns}, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
        values (${idOf(`'alice'`)}, '', 'alice', 'Web', false, now(), now())`,
      );
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await make().trail.list({ owner: ALICE, take: 1 })).toEqual([]);
    await make().store.insert(aSession(now), admission(now));
    expect(await make().trail.list({ owner: ALICE, take: 1 })).toHaveLength(1);
  });

  it('refuses to change an entry, also one that does not exist', async () => {
    const refused = { code: '23514', message: expect.stringContaining('cannot be changed') };
    await expect(database.knex('identity_session_trail').update({ actor: 'x' })).rejects.toMatchObject(
      refused,
    );
  });
});
