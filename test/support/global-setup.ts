import { randomBytes } from 'node:crypto';
import knex from 'knex';
import { startEmbeddedPostgres } from '../../examples/demo/postgres';
import { migrate } from '../../lib/migrations/migrate';
import tearDown from './global-teardown';
import { databaseUrl, onServer, PARTITIONS, rememberServer, templateName, type Layout } from './server';

/** Uses the PostgreSQL of `DATABASE_URL` or starts one. Creates the migrated templates that test databases are copied from. */
export default async function setUp(): Promise<void> {
  const url = process.env.DATABASE_URL || (await startServer());
  // Two runs on one server must not use the same databases.
  rememberServer(url, `sessions_test_${randomBytes(6).toString('hex')}`);
  try {
    await makeTemplate('plain');
    await makeTemplate('partitioned');
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

async function makeTemplate(layout: Layout): Promise<void> {
  const name = templateName(layout);
  await onServer(`create database ${name} template template0`);
  const database = knex({ client: 'pg', connection: databaseUrl(name) });
  try {
    await migrate(database, layout === 'partitioned' ? { partitions: PARTITIONS } : {});
  } finally {
    await database.destroy();
  }
}
