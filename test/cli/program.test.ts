import { cli } from '../support/cli';
import { emptyDatabase, type TestDatabase } from '../support/database';

describe('the command line', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await emptyDatabase();
  });
  afterAll(() => database.destroy());

  const env = (): Record<string, string> => ({ DATABASE_URL: database.url });

  it('lists its commands', async () => {
    const { code, out } = await cli(['--help'], {});
    expect(code).toBe(0);
    for (const command of ['doctor', 'migrate', 'partition', 'status', 'list', 'end', 'cleanup']) {
      expect(out).toContain(`  ${command} `);
    }
  });

  it('exits with 2 and says what to do on a database without tables', async () => {
    for (const args of [
      ['status'],
      ['partition', '--partitions', '4'],
      ['list'],
      ['end', '--user', 'alice'],
      ['cleanup'],
    ]) {
      expect(await cli(args, env())).toMatchObject({
        code: 2,
        err: 'error: The tables do not exist. Run `npx express-identity-sessions migrate`, or check the schema',
      });
    }
  });

  it('migrates, first as a dry run, and then has nothing to do', async () => {
    const would = { code: 0, out: 'Would run 001_identity_sessions.' };
    expect(await cli(['migrate', '--dry-run'], env())).toMatchObject(would);
    expect(await cli(['migrate', '--dry-run'], env())).toMatchObject(would);
    expect(await cli(['migrate'], env())).toMatchObject({ code: 0, out: 'Ran 001_identity_sessions.' });
    expect(await cli(['migrate'], env())).toMatchObject({ code: 0, out: 'All migrations have run.' });
  });

  it('uses the schema of --schema', async () => {
    const schema = ['--schema', 'sessions of "the" app'];
    expect((await cli([...schema, 'migrate'], env())).out).toBe('Ran 001_identity_sessions.');
    expect((await cli([...schema, 'list'], env())).out).toBe('No live session.');
    expect((await cli(['--schema', 'other', 'list'], env())).code).toBe(2);
  });

  it.each([
    ['no database', ['list'], {}, 'set DATABASE_URL, or pass --knexfile'],
    [
      'an unreachable database',
      ['list'],
      { DATABASE_URL: 'postgres://u:geheim@127.0.0.1:1/x' },
      'ECONNREFUSED',
    ],
    ['an unknown command', ['destroy'], {}, "unknown command 'destroy'"],
    ['an unknown option', ['list', '--all'], {}, "unknown option '--all'"],
    ['an invalid count', ['list', '--limit', '1001'], {}, 'a whole number from 1 to 1000'],
    ['a missing knexfile', ['--knexfile', 'gone.js', 'list'], {}, 'gone.js does not exist'],
  ])('exits with 2 for %s, and shows no password', async (_, args, given, problem) => {
    const ran = await cli(args, given);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(problem);
    expect(ran.err).not.toContain('geheim');
  });
});
