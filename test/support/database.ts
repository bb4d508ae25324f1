import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import { migrate } from '../../lib/migrations/migrate';
import { databaseUrl, onServer, runName, templateName, usualLayout } from './server';

/** True if Knex supports the setting `connectionPool`. The lowest supported version does not. */
export const acceptsPools = 'initializeExternalPool' in (knex({ client: 'pg' }).client as object);

export interface TestDatabase {
  url: string;
  knex: Knex;
  /** Creates another pool, as another process would have. */
  connect(options?: Knex.Config): Knex;
  /** Restores the state of the package's tables after the migrations. */
  empty(): Promise<void>;
  /** Closes all pools and drops the database. Throws if a test did not release a connection. */
  destroy(): Promise<void>;
}

/** Creates a database in which the package's migrations have run. */
export async function createDatabase(layout = usualLayout()): Promise<TestDatabase> {
  return open(await copyOf(templateName(layout)));
}

/** Creates a database of another encoding in which the package's migrations have run. */
export async function databaseIn(encoding: string): Promise<TestDatabase> {
  const database = open(await copyOf(`template0 encoding '${encoding}' locale 'C'`));
  await migrate(database.knex);
  return database;
}

/** Creates an empty database. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return open(await copyOf('template0'));
}

async function copyOf(template: string): Promise<string> {
  const name = `${runName()}_${randomBytes(6).toString('hex')}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await onServer(`create database ${name} template ${template}`);
      return name;
    } catch (error) {
      // Another connection uses the template at this moment, perhaps autovacuum.
      const busy = (error as { code?: string }).code === '55006';
      if (!busy || attempt === 20) throw error;
      await sleep(50 * attempt);
    }
  }
}

function open(name: string): TestDatabase {
  const url = databaseUrl(name);
  const pools: Knex[] = [];

  function connect(options: Knex.Config = {}): Knex {
    const pool = knex({ client: 'pg', connection: url, pool: { min: 0, max: 10 }, ...options });
    pools.push(pool);
    return pool;
  }

  async function destroy(): Promise<void> {
    const closed = Promise.all(pools.map((pool) => pool.destroy()));
    // A pool waits forever for a connection that a test did not release.
    const inTime = await Promise.race([closed.then(() => true), sleep(5_000, false, { ref: false })]);
    await onServer(`drop database if exists ${name} with (force)`);
    if (!inTime) throw new Error(`A connection to ${name} was never released to its pool.`);
  }

  const own = connect();

  async function empty(): Promise<void> {
    // Truncating these small tables would take eight times as long. Epochs may not be deleted, except without triggers.
    await own.raw(`
      delete from identity_sessions;
      delete from identity_session_credential_changes;
      delete from identity_session_attempts;
      delete from identity_session_devices;
      delete from identity_session_tokens;
      delete from identity_session_failures;
      delete from identity_session_policy;
      insert into identity_session_policy default values;
      set session_replication_role = replica;
      delete from identity_session_epochs;
      delete from identity_session_trail;
      set session_replication_role = origin`);
  }

  return { url, knex: own, connect, empty, destroy };
}
