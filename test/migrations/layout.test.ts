import { migrate } from '../../lib';
import { migration, migrationKnexfile } from '../../lib/migrations';
import { sessionsTable } from '../../lib/migrations/layout';
import { emptyDatabase, type TestDatabase } from '../support/database';

describe('migrate with partitions', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await emptyDatabase();
  });
  afterEach(() => database.destroy());

  const table = () => sessionsTable(database.knex, undefined);

  it('creates the given number of partitions, which together hold every bucket', async () => {
    await migrate(database.knex, { partitions: 7 });
    expect(await table()).toEqual({ schema: 'public', partitions: 7 });
    const { rows } = await database.knex.raw<{ rows: { bound: string }[] }>(
      `select pg_get_expr(relpartbound, oid) as bound from pg_class where relispartition and relkind = 'r' order by relname`,
    );
    const bounds = rows.map(({ bound }) =>
      /FROM \('(\d+)'\) TO \('(\d+)'\)/.exec(bound)!.slice(1).map(Number),
    );
    expect(bounds[0]![0]).toBe(0);
    expect(bounds.at(-1)![1]).toBe(4096);
    for (const [part, [first]] of bounds.slice(1).entries()) expect(first).toBe(bounds[part]![1]);
    for (const [first, end] of bounds) expect(end! - first!).toBeGreaterThanOrEqual(585);
  });

  it('does nothing to a database that has this layout already, also without a number', async () => {
    await migrate(database.knex, { partitions: 2 });
    await migrate(database.knex, { partitions: 2 });
    await migrate(database.knex);
    expect(await table()).toEqual({ schema: 'public', partitions: 2 });
  });

  it('refuses another number of partitions', async () => {
    await migrate(database.knex, { partitions: 2 });
    await expect(migrate(database.knex, { partitions: 3 })).rejects.toThrow('has 2 partitions');
  });

  it('refuses to move sessions of a table without partitions, and names the command that does', async () => {
    await migrate(database.knex);
    await expect(migrate(database.knex, { partitions: 64 })).rejects.toThrow(
      'npx express-identity-sessions partition --partitions 64',
    );
    expect(await table()).toEqual({ schema: 'public', partitions: 0 });
  });

  it.each([0, -1, 1.5, 4097, Infinity, '64'])('refuses %p and changes nothing', async (partitions) => {
    await expect(migrate(database.knex, { partitions: partitions as number })).rejects.toThrow(
      'a whole number from 1 to 4096',
    );
    expect(await table()).toBeUndefined();
  });

  it('is an option of migration files and knexfiles too, and can be rolled back', async () => {
    const { up, down } = migration('001_identity_sessions', { partitions: 3 });
    await up(database.knex);
    expect(await table()).toEqual({ schema: 'public', partitions: 3 });
    await down(database.knex);
    expect(await table()).toBeUndefined();
    const { migrations } = migrationKnexfile({ client: 'pg', connection: database.url }, { partitions: 4 });
    await database.knex.migrate.latest(migrations);
    expect(await table()).toEqual({ schema: 'public', partitions: 4 });
  });
});
