import { randomBytes } from 'node:crypto';
import knex from 'knex';
import { startEmbeddedPostgres } from '../../examples/demo/postgres';
import { migrate } from '../../lib/migrations/migrate';
import tearDown from './global-teardown';
import { databaseUrl, onServer, rememberServer, templateName } from './server';

/** Uses the PostgreSQL of `DATABASE_URL` or starts one. Creates the migrated template that test databases are copied from. */
export default async function setUp(): Promise<void> {
  const url = process.env.DATABASE_URL || (await startServer());
  // Two runs on one server must not use the same databases.
  rememberServer(url, `sessions_test_${randomBytes(6).toString('hex')}`);
  try {
    await makeTemplate();
  } catch (error) {
    await tearDown();
    throw error;
  }
}

async function startServer(): Promise<string> {
  const { url, stop } = await startEmbeddedPostgres({
    settings: {
      max_connections: 300,
      // The data does not have to survive a crash.
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
    },
  });
  globalThis.stopTestServer = stop;
  return url;
}

async function makeTemplate(): Promise<void> {
  await onServer(`create database ${templateName()} template template0`);
  const database = knex({ client: 'pg', connection: databaseUrl(templateName()) });
  try {
    await migrate(database);
  } finally {
    await database.destroy();
  }
}
