import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import packageJson from '../../package.json';
import { emptyDatabase, type TestDatabase } from '../support/database';
import { host } from '../support/host';
import { run } from '../support/run';
import { snippet, snippets } from '../support/snippets';

/*
 * Runs the examples of docs/migrations.md in hosts that have the tarball installed, with Knex's own command line.
 */

const PAGE = 'docs/migrations.md';
const TSC = join(__dirname, '../../node_modules/typescript/bin/tsc');

// Each test runs several programs, and the first one waits for the tarball.
jest.setTimeout(300_000);

interface Kind {
  readonly type: 'commonjs' | 'module';
  readonly extension: 'js' | 'ts';
  /** The language of the examples. */
  readonly language: 'js' | 'ts';
  /** Options of Node.js with which it loads TypeScript. */
  readonly loader?: string;
}

const COMMONJS: Kind = { type: 'commonjs', extension: 'js', language: 'js' };
const ES_MODULES: Kind = { type: 'module', extension: 'js', language: 'ts' };
const TYPESCRIPT: Kind = { type: 'module', extension: 'ts', language: 'ts' };
const TSX = { loader: '--import tsx' };

const IN_ES_MODULES: [string, Kind][] = [
  ['ES modules', ES_MODULES],
  ['TypeScript in ES modules', { ...TYPESCRIPT, ...TSX }],
];
const { typescript } = process.features as { readonly typescript?: unknown };
if (typescript) IN_ES_MODULES.push(['TypeScript in ES modules without a loader', TYPESCRIPT]);

/** Node.js has no `await` outside functions in CommonJS, so the script in TypeScript runs in ES modules only. */
const KINDS_OF_SCRIPTS: readonly [string, Kind][] = [['CommonJS', COMMONJS], ...IN_ES_MODULES];

const KINDS: readonly [string, Kind][] = [
  ...KINDS_OF_SCRIPTS,
  ['TypeScript in CommonJS', { ...TYPESCRIPT, ...TSX, type: 'commonjs' }],
];

let database: TestDatabase;

beforeEach(async () => {
  database = await emptyDatabase();
});
afterEach(() => database.destroy());

/** An app whose author follows the page. */
class Host {
  readonly #folder: string;
  readonly #kind: Kind;
  readonly #url: string;

  private constructor(folder: string, kind: Kind, url: string) {
    this.#folder = folder;
    this.#kind = kind;
    this.#url = url;
  }

  static async create(kind: Kind): Promise<Host> {
    return new Host(await host({ type: kind.type, has: ['tsx'] }), kind, database.url);
  }

  /** The same app, connected with another role. */
  as(url: string): Host {
    return new Host(this.#folder, this.#kind, url);
  }

  /** Writes the example in a section of the page to a file. `path` has no extension. */
  follow(heading: string, path: string): void {
    this.writeFile(path, snippet(PAGE, heading, this.#kind.language));
  }

  /** Writes the app's own knexfile. */
  writeKnexfile(): void {
    const exported = this.#kind.language === 'js' ? 'module.exports =' : 'export default';
    this.writeFile('knexfile', `${exported} { client: 'pg', connection: process.env.DATABASE_URL };`);
  }

  /** Writes a migration of the app itself, which creates a table. */
  writeMigration(name: string): void {
    const exported = this.#kind.language === 'js' ? 'module.exports =' : 'export const { up, down } =';
    const code = `${exported} { up: (knex) => knex.schema.createTable('${name}', (t) => t.increments()),
      down: (knex) => knex.schema.dropTable('${name}') };`;
    this.writeFile(`migrations/${name}`, code);
  }

  remove(path: string): void {
    rmSync(join(this.#folder, path), { recursive: true });
  }

  /** Runs `npx knex` and returns its output. Rejects if it fails. */
  knex(...args: string[]): Promise<string> {
    return this.#run(join(this.#folder, 'node_modules/.bin/knex'), args);
  }

  /** Runs a file of the app. `path` has no extension. */
  node(path: string): Promise<string> {
    return this.#run(process.execPath, [this.#file(path)]);
  }

  /** Runs `npx express-identity-sessions` and returns its output. Rejects if it fails. */
  sessions(...args: string[]): Promise<string> {
    return this.#run(join(this.#folder, 'node_modules/.bin', packageJson.name), args);
  }

  /** Types the commands in a section of the page into a shell, and returns their output. */
  type(heading: string): Promise<string> {
    return this.#run('sh', ['-ec', snippet(PAGE, heading, 'sh')]);
  }

  #file(path: string): string {
    return join(this.#folder, `${path}.${this.#kind.extension}`);
  }

  writeFile(path: string, code: string): void {
    mkdirSync(dirname(this.#file(path)), { recursive: true });
    writeFileSync(this.#file(path), code);
  }

  async #run(program: string, args: string[]): Promise<string> {
    // Jest sets NODE_ENV, which would select an environment of the knexfile.
    const env = { NODE_ENV: undefined, NODE_OPTIONS: this.#kind.loader, DATABASE_URL: this.#url };
    return (await run(program, args, this.#folder, env)).stdout;
  }
}

/** The schemas of the database, and the relations in them. */
async function contents(): Promise<string[]> {
  const { rows } = await database.knex.raw<{ rows: { name: string }[] }>(`
    with spaces as (select * from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
    select nspname as name from spaces
    union all select nspname || '.' || relname from spaces join pg_class on relnamespace = spaces.oid order by 1`);
  return rows.map(({ name }) => name);
}

/** The schemas that contain the table of sessions. */
async function schemasWithSessions(): Promise<string[]> {
  const names = (await contents()).filter((name) => name.endsWith('.identity_sessions'));
  return names.map((name) => name.split('.')[0]!);
}

async function history(table: string, schema = 'public'): Promise<string[]> {
  return database.knex(table).withSchema(schema).orderBy('id').pluck<string[]>('name');
}

describe.each(KINDS)('in %s', (_, kind) => {
  it("a knexfile lists, runs, rolls back and repeats the migrations with Knex's command line", async () => {
    const app = await Host.create(kind);
    app.follow('A knexfile', 'knexfile');
    expect(await app.knex('migrate:list')).toMatch(/Found 1 Pending .*\n001_identity_sessions\n/);
    expect(await app.knex('migrate:latest')).toContain('Batch 1 run: 1 migrations');
    expect(await schemasWithSessions()).toEqual(['sessions']);
    expect(await app.knex('migrate:list')).toMatch(/Found 1 Completed .*\n001_identity_sessions\nNo Pending/);
    expect(await app.knex('migrate:rollback')).toContain('Batch 1 rolled back: 1 migrations');
    expect(await schemasWithSessions()).toEqual([]);
    expect(await contents()).toContain('sessions');
    await app.knex('migrate:up', '001_identity_sessions');
    expect(await schemasWithSessions()).toEqual(['sessions']);
  });

  it("a migration file runs, rolls back and repeats together with the app's own migrations", async () => {
    const app = await Host.create(kind);
    app.writeKnexfile();
    app.writeMigration('20260101_products');
    app.follow('A migration file of your app', 'migrations/20260102_sessions');
    app.writeMigration('20260103_orders');
    const names = ['20260101_products', '20260102_sessions', '20260103_orders'];
    const files = names.map((name) => `${name}.${kind.extension}`);
    expect(await app.knex('migrate:list')).toContain(
      ['Found 3 Pending Migration file/files.', ...files].join('\n'),
    );
    expect(await app.knex('migrate:latest')).toContain('Batch 1 run: 3 migrations');
    expect(await schemasWithSessions()).toEqual(['sessions']);
    expect(await history('knex_migrations')).toEqual(files);
    await app.knex('migrate:rollback');
    expect(await schemasWithSessions()).toEqual([]);
    await app.knex('migrate:latest');
    expect(await schemasWithSessions()).toEqual(['sessions']);
  });

  it("the folder runs, rolls back and repeats together with the app's own folder", async () => {
    const app = await Host.create(kind);
    app.follow('The folder of the package', 'knexfile');
    app.writeMigration('20260101_products');
    const files = ['001_identity_sessions.js', `20260101_products.${kind.extension}`];
    expect(await app.knex('migrate:list')).toContain(files.join('\n'));
    await app.knex('migrate:latest');
    expect(await history('knex_migrations')).toEqual(files);
    await app.knex('migrate:rollback', '--all');
    expect(await schemasWithSessions()).toEqual([]);
    await app.knex('migrate:latest');
    expect(await schemasWithSessions()).toEqual(['public']);
  });
});

describe.each([
  ['CommonJS', COMMONJS],
  ['ES modules', ES_MODULES],
])('in %s', (_, kind) => {
  it("an environment beside the app's own has a history of its own", async () => {
    const app = await Host.create(kind);
    app.follow('Beside the knexfile of your app', 'knexfile');
    app.writeMigration('20260101_products');
    await app.knex('migrate:latest');
    expect(await schemasWithSessions()).toEqual([]);
    await app.knex('--env', 'sessions', 'migrate:latest');
    expect(await history('knex_migrations')).toEqual([`20260101_products.${kind.extension}`]);
    expect(await history('identity_session_migrations', 'sessions')).toEqual(['001_identity_sessions']);
    await app.knex('--env', 'sessions', 'migrate:rollback');
    expect(await schemasWithSessions()).toEqual([]);
    expect(await app.knex('migrate:latest')).toContain('Already up to date');
  });
});

describe.each(KINDS_OF_SCRIPTS)('in %s', (_, kind) => {
  it('code creates the tables once, rolls back and creates them again, in the history of the knexfile', async () => {
    const app = await Host.create(kind);
    app.follow('From code', 'migrate');
    app.follow('Roll back', 'roll-back');
    app.follow('A knexfile', 'knexfile');
    await app.node('migrate');
    await app.node('migrate');
    expect(await schemasWithSessions()).toEqual(['sessions']);
    expect(await app.knex('migrate:latest')).toContain('Already up to date');
    await app.node('roll-back');
    expect(await schemasWithSessions()).toEqual([]);
    await app.node('migrate');
    expect(await history('identity_session_migrations', 'sessions')).toEqual(['001_identity_sessions']);
  });
});

describe('a deployment step without Express', () => {
  it('can run the migrations', async () => {
    const app = await Host.create(ES_MODULES);
    app.remove('node_modules/express');
    app.follow('A knexfile', 'knexfile');
    await app.knex('migrate:latest');
    expect(await schemasWithSessions()).toEqual(['sessions']);
  });
});

describe('the commands on the page', () => {
  it('list, run and roll back the migrations of a knexfile', async () => {
    const app = await Host.create(COMMONJS);
    app.follow('A knexfile', 'knexfile');
    expect(await app.type('A knexfile')).toMatch(/Found 1 Pending .* run: 1 migrations.* rolled back: 1 /s);
  });

  it('run the migrations of an app and those of the package', async () => {
    const app = await Host.create(COMMONJS);
    app.follow('Beside the knexfile of your app', 'knexfile');
    app.writeMigration('20260101_products');
    expect(await app.type('Beside the knexfile of your app')).toMatch(/run: 1 .*: sessions\n.* run: 1 /s);
    expect(await schemasWithSessions()).toEqual(['sessions']);
  });

  it('run the migrations of a knexfile in TypeScript', async () => {
    const app = await Host.create(TYPESCRIPT);
    app.follow('A knexfile', 'knexfile');
    expect(await app.type('TypeScript')).toContain('Batch 1 run: 1 migrations');
  });

  it('run the migrations without a knexfile, in the history of the knexfile', async () => {
    const app = await Host.create(COMMONJS);
    expect(await app.type('Command line')).toBe('Ran 001_identity_sessions.\n');
    app.follow('A knexfile', 'knexfile');
    expect(await app.knex('migrate:latest')).toContain('Already up to date');
  });
});

describe('the examples in TypeScript', () => {
  it('compile in strict mode', async () => {
    const folder = await host({ type: 'module', has: ['@types/node', '@types/express'] });
    const examples = snippets(PAGE).filter(({ language }) => language === 'ts');
    const files = examples.map((_, index) => `example-${index}.ts`);
    files.forEach((file, index) => writeFileSync(join(folder, file), examples[index]!.code));
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      types: ['node'],
      noEmit: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    await run(process.execPath, [TSC, '--project', folder], folder);
    expect(files).toHaveLength(6);
  });
});

describe('a role that may not create anything', () => {
  const role = `app_${randomBytes(6).toString('hex')}`;
  let app: Host;
  let before: string[];

  beforeEach(async () => {
    app = await Host.create(COMMONJS);
    app.writeKnexfile();
    app.writeMigration('20260101_products');
    await app.knex('migrate:latest');
    await database.knex.raw(`
      create role ${role} login password '${role}';
      revoke create on schema public from public;
      grant all on all tables in schema public to ${role};
      grant all on all sequences in schema public to ${role}`);
    before = await contents();
    const url = new URL(database.url);
    [url.username, url.password] = [role, role];
    app = app.as(url.href);
  });
  afterEach(() => database.knex.raw(`drop owned by ${role}; drop role ${role}`));

  const WAYS: [string, (app: Host) => Promise<unknown>][] = [
    ['From code', (app) => app.node('example')],
    ['A knexfile', (app) => app.knex('--knexfile', 'example.js', 'migrate:latest')],
    ['Command line', (app) => app.sessions('--schema', 'sessions', 'migrate')],
    ['A migration file of your app', (app) => app.knex('migrate:latest')],
  ];

  it.each(WAYS)('gets an error that names the privilege, and changes nothing: %s', async (heading, start) => {
    if (heading === 'A migration file of your app') app.follow(heading, 'migrations/20260102_sessions');
    else if (heading !== 'Command line') app.follow(heading, 'example');
    await expect(start(app)).rejects.toThrow(
      /permission denied for database \w+: the role that runs the migrations .* needs CREATE on the schema, or on the database/,
    );
    expect(await contents()).toEqual(before);
    expect(await history('knex_migrations')).toEqual(['20260101_products.js']);
  });

  it('gets the error of PostgreSQL if it may not create tables in an existing schema, and changes nothing', async () => {
    app.follow('The folder of the package', 'knexfile');
    await expect(app.knex('migrate:latest')).rejects.toThrow('permission denied for schema public');
    expect(await contents()).toEqual(before);
  });
});

describe('mistakes', () => {
  let app: Host;
  let before: string[];

  beforeEach(async () => {
    app = await Host.create(COMMONJS);
    before = await contents();
  });

  it('a missing knexfile is an error, and nothing changes', async () => {
    await expect(app.knex('migrate:latest')).rejects.toThrow('No configuration file found');
    await expect(app.knex('--knexfile', 'missing.js', 'migrate:latest')).rejects.toThrow(
      'No configuration file found',
    );
    await expect(app.sessions('--knexfile', 'missing.js', 'migrate')).rejects.toThrow(
      'error: missing.js does not exist',
    );
    expect(await contents()).toEqual(before);
  });

  it('migrations in two ways are an error, and nothing changes', async () => {
    app.writeKnexfile();
    app.follow('A migration file of your app', 'migrations/20260101_sessions');
    await app.knex('migrate:latest');
    before = await contents();
    app.follow('From code', 'migrate');
    await expect(app.node('migrate')).rejects.toThrow(
      /relation "identity_sessions" already exists: the migrations of .* ran in another way/,
    );
    expect(await contents()).toEqual(before);
  });

  it('a migration file that calls migrate() is an error that names migration(), and creates no tables', async () => {
    app.writeKnexfile();
    app.writeFile(
      'migrations/20260101_sessions',
      "exports.up = (knex) => require('express-identity-sessions').migrate(knex);\nexports.down = () => undefined;",
    );
    await expect(app.knex('migrate:latest')).rejects.toThrow('use migration() instead');
    expect(await schemasWithSessions()).toEqual([]);
  });
});
