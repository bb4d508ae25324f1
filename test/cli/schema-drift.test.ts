import { migrate } from '../../lib';
import { schemaDrift } from '../../lib/cli/schema-drift';
import { createDatabase, type TestDatabase } from '../support/database';

/** A name that must be quoted everywhere. */
const ODD = 'Odd "name" $1';
let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.destroy());

/** Knex treats an unescaped question mark as a parameter. */
const run = (sql: string) => database.knex.raw(sql.replaceAll('?', '\\?'));
const drift = (schema = 'public') => schemaDrift(database.knex, schema);

describe('schemaDrift', () => {
  it.each(['e', 's', 'old', 'identity_session'])('finds nothing in the schema %s', async (schema) => {
    await migrate(database.knex, { schema });
    expect(await drift(schema)).toEqual([]);
  });

  it('finds nothing after the migrations, in a schema of any name, and ignores objects of the app', async () => {
    await migrate(database.knex, { schema: ODD });
    await run('create index of_mine on identity_sessions (client_id)');
    await run('alter table identity_sessions add column mine text; create table mine (id int)');
    expect([await drift(), await drift(ODD)]).toEqual([[], []]);
  });

  it.each([
    ['column end_reason of identity_sessions', 'alter table identity_sessions drop column end_reason'],
    ['column node of identity_sessions', 'alter table identity_sessions alter column node type varchar(10)'],
    [
      'constraint identity_session_changes_pkey',
      'alter table identity_session_changes drop constraint identity_session_changes_pkey',
    ],
    ['index identity_sessions_owner', 'drop index identity_sessions_owner'],
    [
      'index identity_sessions_owner',
      'drop index identity_sessions_owner; create index identity_sessions_owner on identity_sessions (user_id)',
    ],
    [
      'trigger identity_session_ended of identity_sessions',
      'drop trigger identity_session_ended on identity_sessions',
    ],
    [
      'trigger identity_session_ended of identity_sessions',
      'alter table identity_sessions disable trigger identity_session_ended',
    ],
    ['function identity_session_displace', 'drop function identity_session_displace'],
    [
      'function identity_session_changed',
      "create or replace function identity_session_changed() returns trigger language plpgsql as 'begin return null; end'",
    ],
  ])('finds that the %s differs after: %s', async (object, change) => {
    await run(change);
    const found = await drift();
    expect(found.map(({ what }) => /^The (.*?) (is missing|differs)/.exec(what)![1])).toEqual([object]);
    for (const { fix } of found) await run(fix);
    expect(await drift()).toEqual([]);
  });

  it('never suggests to drop a column', async () => {
    await run('alter table identity_sessions alter column stay_signed_in set default true');
    const found = await drift();
    expect(found).toHaveLength(1);
    expect(found[0]!.fix).not.toContain('drop');
  });
});
