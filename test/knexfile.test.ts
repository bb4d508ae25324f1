import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { migrate } from '../lib';
import { emptyDatabase, type TestDatabase } from './support/database';

const PROJECT = join(__dirname, '..');

/** The program that `npx knex` starts. */
const KNEX = join(dirname(createRequire(__filename).resolve('knex/package.json')), 'bin/cli.js');

describe('knexfile', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await emptyDatabase();
  });
  afterEach(() => database.destroy());

  /** Runs `npx knex <command>` as in the README and returns its output. */
  async function knex(command: string, schema?: string): Promise<string> {
    const { DATABASE_SCHEMA: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [KNEX, command], {
      cwd: PROJECT,
      env: { ...env, DATABASE_URL: database.url, ...(schema !== undefined && { DATABASE_SCHEMA: schema }) },
    });
    return stdout;
  }

  async function applied(schema = 'public'): Promise<string[]> {
    return database
      .knex('identity_session_migrations')
      .withSchema(schema)
      .orderBy('id')
      .pluck<string[]>('name');
  }

  const hasSessions = (schema = 'public') =>
    database.knex.schema.withSchema(schema).hasTable('identity_sessions');

  it('works with migrate:latest, migrate:status and migrate:rollback', async () => {
    expect(await knex('migrate:status')).toContain('Found 1 Pending');
    expect(await knex('migrate:latest')).toContain('Batch 1 run: 1 migrations');
    expect(await hasSessions()).toBe(true);
    expect(await knex('migrate:status')).toContain('No Pending');
    expect(await knex('migrate:rollback')).toContain('Batch 1 rolled back: 1 migrations');
    expect(await hasSessions()).toBe(false);
  });

  it('finds nothing to do for migrate:latest after migrate() ran', async () => {
    await migrate(database.knex);
    const names = await applied();
    expect(await knex('migrate:latest')).toContain('Already up to date');
    expect(await applied()).toEqual(names);
  });

  it('records the same migration names as migrate(), so that migrate() finds nothing to do afterwards', async () => {
    await knex('migrate:latest');
    const names = await applied();
    await migrate(database.knex);
    expect(await applied()).toEqual(names);

    await database.knex.raw('drop schema public cascade; create schema public');
    await migrate(database.knex);
    expect(await applied()).toEqual(names);
  });

  it('creates the tables in DATABASE_SCHEMA, which need not exist', async () => {
    await knex('migrate:latest', 'Sessions');
    expect([await hasSessions('Sessions'), await hasSessions()]).toEqual([true, false]);
    expect(await applied('Sessions')).toHaveLength(1);
  });

  it('uses the default schema if DATABASE_SCHEMA is empty', async () => {
    await knex('migrate:latest', '');
    expect(await hasSessions()).toBe(true);
  });
});
