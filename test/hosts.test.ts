import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import packageJson from '../package.json';
import { tableUnder } from './source/tables';
import { emptyDatabase, type TestDatabase } from './support/database';
import { host as projectWith } from './support/host';
import { adoptingPage, changed, quotedChanges, quotedFile, sizeOf } from './support/quoted-changes';
import { run } from './support/run';
import { packed } from './support/tarball';

/*
 * Small apps, written as such apps are written, move to this package. The changes are those that docs/adopting.md quotes. Each
 * app runs its own tests with the packed package, in a project that contains nothing else.
 */

const HOSTS = join(__dirname, 'hosts');

interface Host {
  readonly name: string;
  /** The packages of the app beside Express. */
  readonly packages: readonly string[];
  /** The versions that must pass the tests of the app as it was. The last step of JWTs no longer gives out JWTs. */
  readonly versions: readonly string[];
}

const hosts: Host[] = [
  {
    name: 'passport',
    packages: ['express-session', 'passport', 'passport-local', 'ejs'],
    versions: ['before', 'after'],
  },
  {
    name: 'passport-only',
    packages: ['express-session', 'passport', 'passport-local', 'passport6'],
    versions: ['before', 'after'],
  },
  {
    name: 'tracked',
    packages: ['express-session', 'connect-pg-simple', 'passport', 'passport-local'],
    versions: ['before', 'after'],
  },
  {
    name: 'express-session',
    packages: ['express-session', 'connect-pg-simple'],
    versions: ['before', 'after', 'last'],
  },
  { name: 'jwt', packages: ['jsonwebtoken'], versions: ['before', 'after', 'last'] },
  { name: 'spa', packages: ['express-session', 'cors'], versions: ['before', 'after'] },
];

// Each run of a program has its own timeout.
jest.setTimeout(210_000);

let database: TestDatabase;

beforeAll(packed);
beforeEach(async () => {
  database = await emptyDatabase();
});
afterEach(() => database.destroy());

const cases = hosts.flatMap((host) =>
  (['express4', 'express'] as const).map((express) => ({
    title: `${host.name} in ${express}`,
    host,
    express,
  })),
);

it.each(cases)(
  'the app $title works before and after the change of docs/adopting.md',
  async ({ host, express }) => {
    const folder = await projectOf(host, express);
    const env = {
      DATABASE_URL: database.url,
      NODE_ENV: 'test',
      SESSION_SECRET: 'a secret of express-session',
      SESSION_KEY: 'a key of this package, from the environment',
      JWT_SECRET: 'a secret of the tokens',
      // The development switch for cookies warns.
      NODE_NO_WARNINGS: '1',
    };
    const program = join(
      folder,
      'node_modules',
      packageJson.name,
      packageJson.bin['express-identity-sessions'],
    );
    await run(process.execPath, [program, 'migrate'], folder, env);
    for (const VERSION of host.versions) {
      expect(await passedTests('app.test.js', folder, { ...env, VERSION })).toBeGreaterThan(0);
    }
    expect(await passedTests('sessions.test.js', folder, env)).toBeGreaterThan(0);
  },
);

/** Creates a project with all versions of the app. */
async function projectOf({ name, packages }: Host, express: 'express' | 'express4'): Promise<string> {
  const files = ['app.test.js', 'sessions.test.js'];
  const has = ['supertest', ...packages];
  const folder = await projectWith({ express, has, from: join(HOSTS, name), files });
  const before = join(folder, 'before');
  cpSync(join(HOSTS, name, 'app'), before, { recursive: true });
  cpSync(join(HOSTS, 'users.js'), join(before, 'users.js'));
  let previous = before;
  for (const version of ['after', 'last']) {
    const changes = quotedChanges().filter((change) => change.host === name && change.version === version);
    if (changes.length === 0) continue;
    const next = join(folder, version);
    cpSync(previous, next, { recursive: true });
    if (version === 'after') writeFileSync(join(next, 'sessions.js'), quotedFile('sessions.js'));
    for (const change of changes) {
      const file = join(next, change.file);
      writeFileSync(file, changed(readFileSync(file, 'utf8'), change));
    }
    previous = next;
  }
  return folder;
}

/** Runs a test file of the app with the test runner of Node, and returns how many of its tests passed. */
async function passedTests(file: string, folder: string, env: NodeJS.ProcessEnv): Promise<number> {
  // The apps never close their pools.
  const args = ['--test-force-exit', '--test-reporter', 'tap', file];
  const { stdout } = await run(process.execPath, args, folder, env);
  return Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
}

describe('docs/adopting.md', () => {
  it('quotes changes of the tested apps, and the numbers of their lines', () => {
    const quoted = quotedChanges();
    const steps = [...new Set(quoted.map(({ host, version }) => `${host} ${version}`))];
    expect([...new Set(quoted.map(({ host }) => host))]).toEqual(hosts.map(({ name }) => name));
    const sizes = steps.map((step) =>
      sizeOf(quoted.filter(({ host, version }) => step === `${host} ${version}`)),
    );
    const rows = tableUnder('| app | removed | added |', adoptingPage());
    expect(rows.map(([, removed, added]) => ({ removed: Number(removed), added: Number(added) }))).toEqual(
      sizes,
    );
  });
});

describe('a quoted change', () => {
  const lines = [' a', '-b', '+c'];

  it.each([
    ['a\nb\nd', 'a\nc\nd'],
    ['d\na\nb\n', 'd\na\nc\n'],
  ])('is applied to %j', (text, result) => {
    expect(changed(text, { lines })).toBe(result);
  });

  it.each(['a', 'a\nb\na\nb'])('is refused if it does not fit at exactly one place: %j', (text) => {
    expect(() => changed(text, { lines })).toThrow('must fit at exactly one place');
  });
});
