import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { migrate } from '../lib';
import packageJson from '../package.json';
import { createDatabase, emptyDatabase, type TestDatabase } from './support/database';
import { host, type HostOptions } from './support/host';
import { readmeApp } from './support/readme';
import { run } from './support/run';
import { packed } from './support/tarball';

/*
 * Tests the tarball as a consumer gets it, unpacked into projects of several kinds. Node and TypeScript find it in
 * `node_modules`; nothing is downloaded.
 */

const PROJECT = join(__dirname, '..');
const FIXTURES = join(__dirname, 'package');
const MODULES = join(PROJECT, 'node_modules');
const NAME = packageJson.name;

/** In bytes. */
const MOST_BYTES = 350_000;

const ENTRY_POINTS = Object.keys(packageJson.exports).filter((path) => !/\.js(on)?$/.test(path));

/** A module that needs the types of every entry point. */
const ALL_ENTRY_POINTS = ENTRY_POINTS.map(
  (path, index) => `export * as entryPoint${index} from '${NAME}${path.slice(1)}';\n`,
).join('');

// Three minutes for each program, because the machine may be busy, and time to report a timeout.
jest.setTimeout(210_000);

let sources: string;
let tarball: string;

beforeAll(async () => {
  ({ sources, tarball } = await packed());
});

/** A host with files of the folder `package`. */
const project = (options: HostOptions) => host({ ...options, from: FIXTURES });

describe('the tarball', () => {
  const DECLARATIONS = /\.d\.ts$/;
  let files: string[];

  beforeAll(async () => {
    const { stdout } = await run('tar', ['-tzf', tarball], sources);
    files = stdout
      .trim()
      .split('\n')
      .map((path) => path.replace('package/', ''));
  });

  it('contains exactly the files that are needed to use the package', () => {
    expect(files.filter((path) => !DECLARATIONS.test(path)).sort()).toEqual(expectedFiles().sort());
  });

  // Knex would run declarations beside the migrations.
  it('contains the declarations of the entry points, and those that they share, in one folder', () => {
    const declarations = files.filter((path) => DECLARATIONS.test(path));
    const own = declarations.filter((path) => !path.startsWith('dist/lib/declarations/'));
    const types = Object.values(packageJson.exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : entry.types.replace('./', ''),
    );
    expect(own.sort()).toEqual(types.sort());
  });

  it('has at most 350 KB', () => {
    expect(statSync(tarball).size).toBeLessThanOrEqual(MOST_BYTES);
  });

  function expectedFiles(): string[] {
    const modules = ['lib', 'migrations']
      .flatMap(filesIn)
      .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
    const papers = ['package.json', 'openapi.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md'];
    return [...modules, ...papers];
  }

  function filesIn(folder: string): string[] {
    return readdirSync(join(sources, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(sources, join(entry.parentPath, entry.name)));
  }
});

describe('an app with the tarball', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.destroy());

  const tour = (express: string) => ({
    express,
    stranger: [401, 'credentials-missing'],
    listed: [200, 2],
    revoked: [204],
    ended: [401, 'session-ended'],
    stays: [200],
  });

  it.each([
    ['CommonJS', 'Express 4', { type: 'commonjs', express: 'express4', main: 'app.cjs' }],
    ['CommonJS', 'Express 5', { type: 'commonjs', express: 'express', main: 'app.cjs' }],
    ['ES modules', 'Express 4', { type: 'module', express: 'express4', main: 'app.mjs' }],
    ['ES modules', 'Express 5', { type: 'module', express: 'express', main: 'app.mjs' }],
  ] as const)(
    'guards, lists and revokes in %s on %s, with and without cookie-parser',
    async (_, on, kind) => {
      const folder = await project({
        ...kind,
        files: ['tour.cjs', kind.main],
      });
      const env = { DATABASE_URL: database.url };
      const { stdout, stderr } = await run(process.execPath, [kind.main], folder, env);
      expect(stderr).toBe('');
      const version = on.slice(-1);
      expect(JSON.parse(stdout)).toEqual([
        { ...tour(version), guarded: [200, 'alice'] },
        { ...tour(version), guarded: [200, 'bob'] },
      ]);
    },
  );

  it('can test the package under Jest', async () => {
    const folder = await project({ has: ['supertest'], files: ['host.test.js'] });
    const jest = join(MODULES, 'jest/bin/jest.js');
    const cache = join(folder, 'cache');
    const env = { DATABASE_URL: database.url };
    const { stderr } = await run(process.execPath, [jest, '--ci', '--cacheDirectory', cache], folder, env);
    expect(stderr).toContain('Tests:       9 passed, 9 total');
  });

  it.each([
    [
      'nodenext',
      { module: 'nodenext', skipLibCheck: false },
      ['app.cts', 'app.mts', 'all.cts', 'all.mts', 'readme.mts'],
    ],
    ['node16', { module: 'node16', skipLibCheck: true }, ['app.cts', 'app.mts', 'all.cts', 'all.mts']],
    [
      'bundler',
      { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true },
      ['app.mts', 'all.mts'],
    ],
  ])(
    'compiles in strict mode against the types of every entry point with moduleResolution %s',
    async (_, options, files) => {
      const types = ['@types/express', '@types/node', '@types/ws'];
      const folder = await project({ has: types, files: ['app.cts', 'app.mts'] });
      writeFileSync(join(folder, 'readme.mts'), `${readmeApp()}\n`);
      for (const name of ['all.cts', 'all.mts']) writeFileSync(join(folder, name), ALL_ENTRY_POINTS);
      const compilerOptions = {
        ...options,
        target: 'es2023',
        lib: ['es2023'],
        strict: true,
        exactOptionalPropertyTypes: true,
        types: ['node'],
        noEmit: true,
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      await run(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '--project', folder], folder);
    },
  );

  it('has the command line', async () => {
    const folder = await project({ files: [] });
    const program = join(folder, 'node_modules', NAME, packageJson.bin['express-identity-sessions']);
    expect((await run(process.execPath, [program, '--version'], folder)).stdout).toBe(
      `${packageJson.version}\n`,
    );
  });

  it('gets the same names from require and from import, at every entry point', async () => {
    const folder = await project({ files: ['entry-points.cjs'] });
    const { stdout } = await run(process.execPath, ['entry-points.cjs'], folder);
    const names = JSON.parse(stdout) as Record<string, { required: string[]; imported: string[] }>;
    for (const { required, imported } of Object.values(names)) {
      const named = imported.filter((name) => !['default', 'module.exports', '__esModule'].includes(name));
      expect(named.sort()).toEqual(required.sort());
    }
    expect(Object.keys(names)).toEqual(ENTRY_POINTS);
    expect(names).toMatchObject({
      '.': { required: expect.arrayContaining(['createIdentitySessionManager', 'sessionSecretGuard']) },
      './open-xchange': { required: expect.arrayContaining(['openXchange', 'openXchangeRouter']) },
      './abp': { required: expect.arrayContaining(['abp', 'abpRouter']) },
      './i18n': { required: expect.arrayContaining(['displayLocation', 'displayName']) },
      './redis': { required: ['redisHint'] },
      './maxmind': { required: ['maxmind'] },
    });
  });
});

describe('the migrations in the tarball', () => {
  let database: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    folder = await project({ files: ['migrate.cjs'] });
    mkdirSync(join(folder, 'migrations'));
    writeFileSync(
      join(folder, 'migrations/000_nothing.js'),
      'exports.up = exports.down = async () => undefined;',
    );
  });
  beforeEach(async () => {
    database = await emptyDatabase();
  });
  afterEach(() => database.destroy());

  const fromTarball = (way: 'function' | 'folder') =>
    run(process.execPath, ['migrate.cjs', way], folder, { DATABASE_URL: database.url });

  const applied = (table: string) => database.knex(table).orderBy('id').pluck<string[]>('name');

  it('find nothing to do after the migrations of the sources have run', async () => {
    await migrate(database.knex);
    const names = await applied('identity_session_migrations');
    await fromTarball('function');
    expect(await applied('identity_session_migrations')).toEqual(names);
  });

  it('leave nothing to do for the migrations of the sources', async () => {
    await fromTarball('function');
    const names = await applied('identity_session_migrations');
    await migrate(database.knex);
    expect(await applied('identity_session_migrations')).toEqual(names);
    expect(await database.knex.schema.hasTable('identity_sessions')).toBe(true);
  });

  it("are a folder that Knex can run together with the app's own, in one history", async () => {
    await fromTarball('folder');
    await fromTarball('folder');
    expect(await applied('knex_migrations')).toEqual(['000_nothing.js', '001_identity_sessions.js']);
    expect(await database.knex.schema.hasTable('identity_sessions')).toBe(true);
  });
});
