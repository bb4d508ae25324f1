import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import type { Knex } from 'knex';
import { Client } from 'pg';

import { migrate, type IdentitySessionManager, type SessionEvent } from '../../lib';
import { migrationConfig } from '../../lib/migrations';
import { READ_EVERY } from '../../lib/changes/changes';
import { FakeClock } from '../support/clock';
import { createDatabase, emptyDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';

const PROJECT = join(__dirname, '../..');

/** Describes every object in the database that is not part of PostgreSQL, without ids that differ between runs. */
const SCHEMA = `
  with spaces as (
    select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
  ), relations as (
    select oid::regclass as name, * from pg_class where relnamespace in (select oid from spaces)
  )
  select format('schema %s', oid::regnamespace) as object from spaces
  union all
  select concat_ws(' ', 'relation', name, relkind, relpersistence, reloptions) from relations
  union all
  select concat_ws(' ', 'column', name, attnum, attname, format_type(atttypid, atttypmod),
    case when attnotnull then 'not null' end, pg_get_expr(adbin, adrelid))
  from relations join pg_attribute on attrelid = relations.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
  union all
  select concat_ws(' ', 'constraint', name, conname, pg_get_constraintdef(pg_constraint.oid))
  from relations join pg_constraint on conrelid = relations.oid
  union all
  select pg_get_indexdef(indexrelid) from relations join pg_index on indrelid = relations.oid
  union all
  select pg_get_triggerdef(pg_trigger.oid) from relations join pg_trigger on tgrelid = relations.oid
  where not tgisinternal
  union all
  select pg_get_functiondef(oid) from pg_proc where pronamespace in (select oid from spaces)
  order by 1`;

/** The program of one process: it connects four pools, prints `ready`, waits for input, and migrates on all four. */
const MIGRATE_OVER_FOUR_POOLS = `
  const knex = require('knex');
  const { migrate } = require('./lib/migrations/migrate');
  const connection = process.env.DATABASE_URL;
  const pools = Array.from({ length: 4 }, () => knex({ client: 'pg', connection }));
  process.stdin.once('data', async () => {
    await Promise.all(pools.map((pool) => migrate(pool)));
    await Promise.all(pools.map((pool) => pool.destroy()));
    process.stdin.destroy();
  });
  Promise.all(pools.map((pool) => pool.raw('select 1'))).then(() => console.log('ready'));`;

const openDatabases: TestDatabase[] = [];

async function newDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  openDatabases.push(database);
  return database;
}

afterEach(async () => {
  await Promise.all(openDatabases.splice(0).map((database) => database.destroy()));
});

async function schemaOf({ knex }: TestDatabase): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { object: string }[] }>(SCHEMA.replaceAll('?', '\\?'));
  return rows.map(({ object }) => object);
}

async function appliedIn({ knex }: TestDatabase): Promise<string[]> {
  return knex('identity_session_migrations').orderBy('id').pluck<string[]>('name');
}

/** Runs SQL as a user of psql would: on a plain connection, without this package or Knex. */
async function byHand(database: TestDatabase, ...statements: string[]): Promise<void> {
  const client = new Client(database.url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

describe('migrate', () => {
  it('creates the tables in an empty database, and changes nothing when it is repeated', async () => {
    const database = await newDatabase();
    await migrate(database.knex);
    const schema = await schemaOf(database);
    expect(schema.filter((object) => object.startsWith('relation identity_sessions '))).toHaveLength(1);

    await migrate(database.knex);
    expect(await schemaOf(database)).toEqual(schema);
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
  });

  it('creates the same schema again after a rollback', async () => {
    const database = await newDatabase();
    await migrate(database.knex);
    const schema = await schemaOf(database);

    await database.knex.migrate.rollback(migrationConfig(), true);
    await migrate(database.knex);
    expect(await schemaOf(database)).toEqual(schema);
  });

  it("leaves only Knex's own tables after a rollback", async () => {
    const database = await newDatabase();
    const before = await schemaOf(database);
    await migrate(database.knex);
    await database.knex.migrate.rollback(migrationConfig(), true);
    const belongsToKnex = (object: string) => /\bidentity_session_migrations/.test(object);
    expect((await schemaOf(database)).filter((object) => !belongsToKnex(object))).toEqual(before);
  });

  it('runs every file in the migrations folder in order, under its name without the extension', async () => {
    const files = (await readdir(join(PROJECT, 'migrations'))).sort();
    const { migrationSource } = migrationConfig();
    const names = (await migrationSource!.getMigrations([])).map((each) =>
      migrationSource!.getMigrationName(each),
    );
    expect(names).toEqual(files.map((file) => parse(file).name));
  });

  it('needs only one connection', async () => {
    const database = await newDatabase();
    await migrate(database.connect({ pool: { min: 0, max: 1 }, acquireConnectionTimeout: 2000 }));
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
  });

  it('uses connection settings in place of a Knex, and closes its connections, also after a failure', async () => {
    const database = await newDatabase();
    const connection = `${database.url}?application_name=own`;
    await migrate({ connection, schema: 'sessions' });
    await migrate({ connection });
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
    await byHand(database, 'drop table identity_session_migrations');
    await expect(migrate({ connection })).rejects.toThrow('already exists');

    await expect(migrate({ connection: undefined })).rejects.toThrow(TypeError);
    await expect(migrate({ connection, Schema: 'x' } as never)).rejects.toThrow('did you mean `schema`?');
    const tables = "select schemaname from pg_tables where tablename = 'identity_sessions' order by 1";
    const { rows } = await database.knex.raw<{ rows: { schemaname: string }[] }>(tables);
    expect(rows.map(({ schemaname }) => schemaname)).toEqual(['public', 'sessions']);
    await until(async () => {
      const own = await database.knex('pg_stat_activity').where({ application_name: 'own' }).select('pid');
      return own.length === 0;
    });
  });

  it('runs each migration once when five processes with four pools each start it at the same time', async () => {
    const database = await newDatabase();
    // With this default, a transaction that waits for the lock keeps a snapshot from before the wait.
    const name = new URL(database.url).pathname.slice(1);
    await byHand(database, `alter database ${name} set default_transaction_isolation = 'serializable'`);
    const processes = await Promise.all(Array.from({ length: 5 }, () => readyToMigrate(database.url)));
    const ended = await Promise.all(processes.map((each) => migrated(each)));

    expect(ended).toEqual(Array.from({ length: 5 }, () => ({ code: 0, errors: '' })));
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
    const one = await newDatabase();
    await migrate(one.knex);
    expect(await schemaOf(database)).toEqual(await schemaOf(one));
  });
});

async function readyToMigrate(url: string): Promise<ChildProcess> {
  const started = spawn(process.execPath, ['-r', 'sucrase/register/ts', '-e', MIGRATE_OVER_FOUR_POOLS], {
    cwd: PROJECT,
    env: { ...process.env, DATABASE_URL: url },
  });
  await Promise.race([once(started.stdout, 'data'), once(started, 'exit')]);
  return started;
}

async function migrated(started: ChildProcess): Promise<{ code: number; errors: string }> {
  let errors = '';
  started.stderr!.on('data', (chunk) => (errors += chunk));
  started.stdin!.write('go');
  const [code] = (await once(started, 'close')) as [number];
  return { code, errors };
}

describe('migrate on a server older than PostgreSQL 14', () => {
  /** A pool on the real server, except that the server's version is replaced by the given one. */
  function connectAs(database: TestDatabase, number: string, version: string): Knex {
    const afterCreate = (connection: Client, done: (error: Error | null, connection: unknown) => void) => {
      const query = connection.query.bind(connection) as (...given: unknown[]) => unknown;
      const answer = `select '${number}' as number, '${version}' as version`;
      const withOtherVersion = (config: string | { text: string }, ...rest: unknown[]) => {
        const isVersion = typeof config === 'object' && config.text.includes('server_version_num');
        return query(isVersion ? { ...config, text: answer } : config, ...rest);
      };
      done(null, Object.assign(connection, { query: withOtherVersion }));
    };
    // Knex logs the error of a failed migration.
    const log = { warn: () => undefined, error: () => undefined };
    return database.connect({ pool: { min: 0, max: 1, afterCreate }, log });
  }

  const refusal = (version: string) =>
    `express-identity-sessions needs PostgreSQL 14 or later, but this server runs PostgreSQL ${version}: upgrade the server`;

  it.each([
    ['130021', '13.21 (Debian 13.21-1.pgdg120+1)'],
    ['90624', '9.6.24'],
  ])('rejects with both versions and changes nothing for server_version_num %s', async (number, version) => {
    const database = await newDatabase();
    const before = await schemaOf(database);
    const old = connectAs(database, number, version);
    await expect(migrate(old, { schema: 'sessions' })).rejects.toThrow(new Error(refusal(version)));
    expect(await schemaOf(database)).toEqual(before);
  });

  it('rejects as well if the app runs the migrations through Knex, and creates none of the tables', async () => {
    const database = await newDatabase();
    const old = connectAs(database, '130021', '13.21');
    await expect(old.migrate.latest(migrationConfig())).rejects.toThrow(refusal('13.21'));
    expect(await appliedIn(database)).toEqual([]);
    expect((await schemaOf(database)).filter((object) => object.includes('identity_sessions'))).toEqual([]);
  });

  it.each(['140000', '180004'])('accepts server_version_num %s', async (number) => {
    const database = await newDatabase();
    await migrate(connectAs(database, number, 'any'));
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
  });
});

describe('migrate with invalid options', () => {
  it.each([
    ['host', 'the options are "host": they must be an object'],
    [{ Schema: 'host' }, 'there is no option `Schema`, did you mean `schema`?'],
  ])('rejects the options %j before it creates anything', async (options, problem) => {
    const database = await newDatabase();
    await expect(migrate(database.knex, options as never)).rejects.toThrow(problem);
    expect(() => migrationConfig(options as never)).toThrow(TypeError);
    expect(await database.knex('pg_class').whereLike('relname', 'identity%').pluck('relname')).toEqual([]);
  });
});

describe('migrate with a schema', () => {
  // The last two have the maximum length of a name in PostgreSQL, in bytes.
  const names = ['Sessions', 'with "quotes" in it', "l'été", 's'.repeat(63), 'é'.repeat(31)];

  it.each(names)(
    'creates the tables in a schema with the name %s, where a manager uses them',
    async (schema) => {
      const database = await newDatabase();
      await migrate(database.knex, { schema });
      await migrate(database.knex, { schema });
      const clock = new FakeClock();
      const manager = managerOn({ knex: database.knex, schema, clock, maxSessionsPerUser: 5 });
      try {
        await signInListAndRevoke(manager);
        await noticeEndByHand(manager, clock, () =>
          byHand(
            database,
            `update ${quoted(schema)}.identity_sessions set ended_at = now() where user_id = 'bob'`,
          ),
        );
      } finally {
        await manager.close();
      }
      expect(await relationsOutside(database, schema)).toEqual([]);
    },
  );

  it('names the schema and the fix in errors if the tables are missing there, even if they exist elsewhere', async () => {
    const database = await newDatabase();
    await migrate(database.knex);
    const reported: string[] = [];
    const report = (event: SessionEvent) => {
      if (event.type === 'failed') reported.push((event.error as Error).message);
    };
    const manager = managerOn({ knex: database.knex, schema: 'nowhere', clock: new FakeClock(), report });
    const fix = 'await migrate(knex, { schema: "nowhere" })';
    try {
      await expect(manager.open({ userId: 'alice' })).rejects.toThrow(fix);
      await expect(manager.list({ userId: 'alice' })).rejects.toThrow(fix);
      await until(() => reported.length > 0);
      expect(reported[0]).toContain(fix);
    } finally {
      await manager.close();
    }
  });

  it('supports two installations in one database', async () => {
    const database = await newDatabase();
    for (const schema of ['one', 'other']) await migrate(database.knex, { schema });
    await byHand(database, addSession('alice', 'one.identity_sessions'));
    await byHand(database, 'update one.identity_sessions set ended_at = now()');
    const { rows } = await database.knex.raw<{ rows: object[] }>(`
      select (select count(*)::int from one.identity_session_changes) as one,
        (select count(*)::int from other.identity_session_changes) as other`);
    expect(rows).toEqual([{ one: 1, other: 0 }]);
  });

  it('accepts an existing schema if the role may not create schemas', async () => {
    const database = await newDatabase();
    const role = `app_${randomBytes(6).toString('hex')}`;
    await byHand(database, `create role ${role}`, `create schema given authorization ${role}`);
    const app = database.connect({ pool: { min: 0, max: 1, afterCreate: withRole(role) } });
    try {
      await migrate(app, { schema: 'given' });
      expect(await app.schema.withSchema('given').hasTable('identity_sessions')).toBe(true);
    } finally {
      await byHand(database, `drop owned by ${role}`, `drop role ${role}`);
    }
  });

  function withRole(role: string) {
    return (connection: Client, done: (error: Error | null) => void) => {
      connection.query(`set role ${role}`).then(() => done(null), done);
    };
  }

  async function relationsOutside({ knex }: TestDatabase, schema: string): Promise<string[]> {
    return knex('pg_class')
      .whereLike('relname', 'identity%')
      .whereRaw('relnamespace <> (select oid from pg_namespace where nspname = ?)', [schema])
      .pluck<string[]>('relname');
  }
});

async function signInListAndRevoke(manager: IdentitySessionManager): Promise<void> {
  const { session: first } = await manager.open({ userId: 'alice' });
  const { session: second } = await manager.open({ userId: 'alice' });
  const idsOfAlice = async () =>
    (await manager.list(first)).sessions.map(({ sessionId }) => sessionId).sort();
  expect(await idsOfAlice()).toEqual([first.sessionId, second.sessionId].sort());
  await manager.revoke({ owner: first, only: [second.sessionId] });
  expect(await idsOfAlice()).toEqual([first.sessionId]);
}

/** Ends a cached session by hand, and waits until the manager learns of it from the change log that the triggers write. */
async function noticeEndByHand(
  manager: IdentitySessionManager,
  clock: FakeClock,
  end: () => Promise<void>,
): Promise<void> {
  const { session, secret } = await manager.open({ userId: 'bob' });
  const verify = () => manager.verify({ sessionId: session.sessionId, secret });
  await until(() => !(verify() instanceof Promise));
  await end();
  clock.advance(READ_EVERY);
  await until(async () => (await refusalOf(verify)) === 'session-ended');
}

async function refusalOf(act: () => unknown): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("the app's Knex", () => {
  /** Maps `fooBar` to `foo_bar` as Objection's mappers do, and marks every result. */
  const MAPPERS: Partial<Knex.Config> = {
    wrapIdentifier: (value, wrap) => wrap(value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
    postProcessResponse: (result: unknown) => (Array.isArray(result) ? { rows: result } : result),
  };

  async function withMappers(migrations?: Knex.MigratorConfig) {
    const database = await newDatabase();
    await byHand(
      database,
      'create table foo_bar (some_id int)',
      'insert into foo_bar values (1)',
      'create schema ops',
    );
    // Knex logs the error of a failed migration.
    const log = { warn: () => undefined, error: () => undefined };
    const knex = database.connect({ ...MAPPERS, log, ...(migrations && { migrations }) });
    const stillMaps = async () =>
      expect(await knex('fooBar').select('someId')).toEqual({ rows: [{ some_id: 1 }] });
    return { database, knex, stillMaps };
  }

  it('keeps its mappers after the tables were created, and after nothing was to do', async () => {
    const { knex, stillMaps } = await withMappers();
    await migrate(knex);
    await stillMaps();
    await migrate(knex);
    await stillMaps();
  });

  it('keeps its mappers after a migration that failed', async () => {
    const { database, knex, stillMaps } = await withMappers();
    await byHand(database, 'create table identity_session_changes ()');
    await expect(migrate(knex)).rejects.toMatchObject({ code: '42P07' });
    await stillMaps();
  });

  it('keeps its migration settings, and they do not apply to this package', async () => {
    const hook = jest.fn();
    const settings = {
      schemaName: 'ops',
      tableName: 'history',
      beforeAll: hook,
      beforeEach: hook,
      afterAll: hook,
    };
    const { database, knex } = await withMappers(settings);
    await migrate(knex);
    await migrate(database.knex);
    await knex.migrate.latest(migrationConfig());
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
    expect(await database.knex.schema.withSchema('public').hasTable('identity_sessions')).toBe(true);
    expect(hook).not.toHaveBeenCalled();
    expect((knex.client as { config: Knex.Config }).config.migrations).toEqual(settings);
  });

  it('does not map the name of the schema', async () => {
    const { database, knex } = await withMappers();
    await migrate(knex, { schema: 'authData' });
    await migrate(knex, { schema: 'authData' });
    expect(await database.knex.schema.withSchema('authData').hasTable('identity_sessions')).toBe(true);
  });

  it('may connect with a role that can only read the history, if nothing is to do', async () => {
    const database = await newDatabase();
    await migrate(database.knex);
    const role = `reader_${randomBytes(6).toString('hex')}`;
    await byHand(database, `create role ${role}`);
    const afterCreate = (connection: Client, done: (error: Error | null) => void) => {
      connection.query(`set role ${role}`).then(() => done(null), done);
    };
    const knex = database.connect({ pool: { min: 0, max: 1, afterCreate } });
    try {
      await expect(migrate(knex)).rejects.toThrow('grant select on "identity_session_migrations"');
      await byHand(database, `grant select on identity_session_migrations to ${role}`);
      await expect(migrate(knex)).resolves.toBeUndefined();
    } finally {
      await knex.destroy();
      await byHand(database, `drop owned by ${role}`, `drop role ${role}`);
    }
  });
});

describe("migrate beside the app's own migrations", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'host-migrations-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function hostMigration(table: string): Promise<void> {
    await writeFile(
      join(folder, `${table}.js`),
      `exports.up = (knex) => knex.schema.createTable('${table}', (t) => t.increments());
      exports.down = (knex) => knex.schema.dropTable('${table}');`,
    );
  }

  it('succeeds before and after them, and neither side misses files of the other', async () => {
    const database = await newDatabase();
    const host = { directory: folder };
    await hostMigration('001_products');
    await database.knex.migrate.latest(host);
    await migrate(database.knex);

    await hostMigration('002_orders');
    await database.knex.migrate.latest(host);
    await migrate(database.knex);

    expect(await database.knex('knex_migrations').orderBy('id').pluck('name')).toEqual([
      '001_products.js',
      '002_orders.js',
    ]);
    expect(await appliedIn(database)).toEqual(['001_identity_sessions']);
  });

  it('keeps the tables of the package when the app rolls back its own migrations', async () => {
    const database = await newDatabase();
    await hostMigration('001_products');
    await migrate(database.knex);
    await database.knex.migrate.latest({ directory: folder });
    await database.knex.migrate.rollback({ directory: folder }, true);
    expect(await database.knex.schema.hasTable('identity_sessions')).toBe(true);
    expect(await database.knex.schema.hasTable('001_products')).toBe(false);
  });
});

function addSession(userId: string, table = 'identity_sessions', count = 1): string {
  return `insert into ${table} (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
    select gen_random_uuid(), '', '${userId}', 'Web', false, now(), current_date from generate_series(1, ${count})`;
}

describe('the triggers', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createDatabase();
    client = new Client(database.url);
    await client.connect();
  });
  beforeEach(async () => {
    await client.query('truncate identity_sessions');
    await client.query(addSession('alice'));
    await client.query('delete from identity_session_changes');
  });
  afterAll(async () => {
    await client.end();
    await database.destroy();
  });

  async function idOf(userId: string): Promise<string> {
    const { rows } = await client.query<{ session_id: string }>(
      'select session_id from identity_sessions where user_id = $1',
      [userId],
    );
    return rows[0]!.session_id;
  }

  async function logged(): Promise<(string | null)[]> {
    const { rows } = await client.query<{ session_id: string | null }>(
      'select session_id from identity_session_changes order by logged_at',
    );
    return rows.map((row) => row.session_id);
  }

  async function endSession(): Promise<void> {
    await client.query('update identity_sessions set ended_at = now()');
    await client.query('delete from identity_session_changes');
  }

  it('log one row for a session that is ended by hand', async () => {
    await client.query('update identity_sessions set ended_at = now()');
    expect(await logged()).toEqual([await idOf('alice')]);
  });

  it('log one row if the statement that ends a session changes other columns too', async () => {
    await client.query(`
      update identity_sessions set ended_at = now(), end_reason = 'administrator', extra_properties = '{}'`);
    expect(await logged()).toEqual([await idOf('alice')]);
  });

  it('reject a statement that revives an ended session', async () => {
    await endSession();
    const reviving = client.query('update identity_sessions set ended_at = null');
    await expect(reviving).rejects.toMatchObject({ code: '23514' });
    expect(await logged()).toEqual([]);
  });

  it('keep the first time and reason if an ended session is ended again', async () => {
    await client.query("update identity_sessions set ended_at = '2026-01-15', end_reason = 'revoked'");
    await client.query('delete from identity_session_changes');
    await client.query("update identity_sessions set ended_at = now(), end_reason = 'administrator'");
    const { rows } = await client.query(
      'select ended_at::date::text as day, end_reason from identity_sessions',
    );
    expect(rows).toEqual([{ day: '2026-01-15', end_reason: 'revoked' }]);
    expect(await logged()).toEqual([]);
  });

  it('log nothing for a touch', async () => {
    await client.query(`
      update identity_sessions
      set last_accessed = now(), active_day = current_date, ip_addresses = '192.0.2.1'`);
    expect(await logged()).toEqual([]);
  });

  it('log nothing for a sign-in', async () => {
    await client.query(addSession('bob'));
    expect(await logged()).toEqual([]);
  });

  it.each([
    "user_id = 'mallory'",
    "tenant_id = 'acme'",
    "secret_hash = '\\x00'",
    'stay_signed_in = true',
    "signed_in = now() - interval '1 day'",
    `extra_properties = '{"theme":"dark"}'`,
  ])('log one row for a change after which a cached session would be out of date: %s', async (change) => {
    const id = await idOf('alice');
    await client.query(`update identity_sessions set ${change}`);
    expect(await logged()).toEqual([id]);
  });

  it('log one row for a live session that is deleted', async () => {
    const id = await idOf('alice');
    await client.query('delete from identity_sessions');
    expect(await logged()).toEqual([id]);
  });

  it('log nothing for an ended session that is deleted', async () => {
    await endSession();
    await client.query('delete from identity_sessions');
    expect(await logged()).toEqual([]);
  });

  it('log one row without an id when the table is truncated', async () => {
    await client.query(addSession('bob', 'identity_sessions', 10));
    await client.query('truncate identity_sessions');
    expect(await logged()).toEqual([null]);
  });

  it('log one row without an id when an epoch is written or the policy is set', async () => {
    await client.query("insert into identity_session_epochs values ('everyone', now() - interval '1 year')");
    await client.query("update identity_session_epochs set ended_at = ended_at + interval '1 day'");
    await client.query("update identity_session_policy set prevent_concurrent_login = 'Disabled'");
    expect(await logged()).toEqual([null, null, null]);
  });

  it.each([
    'delete from identity_session_policy',
    'truncate identity_session_policy',
    'insert into identity_session_policy default values on conflict do nothing',
  ])('log one row without an id when the policy is changed by another statement: %s', async (statement) => {
    await client.query(statement);
    expect(await logged()).toEqual([null]);
  });

  it.each([
    "update identity_session_epochs set ended_at = ended_at - interval '1 day'",
    "update identity_session_epochs set scope = 'elsewhere'",
    'delete from identity_session_epochs',
  ])('reject a statement that takes an epoch back: %s', async (statement) => {
    await client.query(
      "insert into identity_session_epochs values ('everyone', now()) on conflict do nothing",
    );
    await expect(client.query(statement)).rejects.toMatchObject({ code: '23514' });
  });

  it('log nothing for a transaction that is rolled back', async () => {
    await client.query('begin');
    await client.query('update identity_sessions set ended_at = now()');
    await client.query('rollback');
    expect(await logged()).toEqual([]);
  });

  it('write to the change log with any search path of the writer', async () => {
    const id = await idOf('alice');
    await byHand(database, 'set search_path to pg_catalog', 'delete from public.identity_sessions');
    expect(await logged()).toEqual([id]);
  });

  it('send no notification, because it would let only one transaction at a time commit', async () => {
    const listener = new Client(database.url);
    await listener.connect();
    const received: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => received.push(payload));
    await listener.query('listen identity_session_changes');
    await client.query("update identity_sessions set extra_properties = '{}'");
    await client.query('update identity_sessions set ended_at = now()');
    await client.query('delete from identity_sessions');
    await client.query('truncate identity_sessions');
    // PostgreSQL delivers notifications in the order of the commits, so none can follow this one.
    await client.query("notify identity_session_changes, 'end of test'");
    await until(() => received.includes('end of test'));
    expect(received).toEqual(['end of test']);
    await listener.end();
  });
});
