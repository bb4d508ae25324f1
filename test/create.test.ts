import { inspect } from 'node:util';
import type { Request } from 'express';
import type { Knex } from 'knex';

import {
  createIdentitySessionManager,
  describeDevice,
  everySessionOf,
  memory,
  rest,
  type Credentials,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
} from '../lib';
import { describeOxDevice, openXchange } from '../lib/protocols/open-xchange';
import { IDLE_AFTER, READ_AT_MOST_EVERY, READ_EVERY } from '../lib/changes/changes';
import { hashSecret } from '../lib/session/credentials';
import { Cleanup } from '../lib/manager/cleanup';
import { FLUSH_EVERY } from '../lib/store/buffered';
import { FakeClock } from './support/clock';
import { createDatabase, type TestDatabase } from './support/database';
import { GatedStore, turns, until } from './support/gate';
import { managerOn } from './support/manager';
import { outputOf } from './support/program';
import { Proxy } from './support/proxy';
import { watched } from './support/watched';

/** The names of statements. */
const [INSERT, FIND, TOUCH, LIST, POLICY] = ['insert', 'find', 'touch', 'list', 'policy'].map(
  (key) => `"public".identity_sessions.${key}`,
);
const SCHEMA = 'identity_sessions.schema';
const LISTEN = 'listen identity_session_changes';
const [READ_FIRST, READ_NEXT] = ['first', 'next'].map((key) => `"public".identity_session_changes.${key}`);

let database: TestDatabase;
let knex: Knex;
/** The statements of all connections: those of the Knex pool and the dedicated ones. */
let statements: string[];
let clock: FakeClock;
let managers: IdentitySessionManager[];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  statements = [];
  clock = new FakeClock();
  managers = [];
  knex = database.connect({
    connection: `${database.url}?application_name=app`,
    pool: { min: 0, max: 1, afterCreate: watched(statements) },
  });
});
afterEach(async () => {
  await Promise.all(managers.map((manager) => manager.close()));
  await knex.destroy();
});
afterAll(() => database.destroy());

function use(options: IdentitySessionOptions = {}): IdentitySessionManager {
  const manager = managerOn({ knex, clock, ...options });
  managers.push(manager);
  return manager;
}

async function open(manager: IdentitySessionManager): Promise<Credentials> {
  const { session, secret } = await manager.open({ userId: 'alice' });
  return { sessionId: session.sessionId, secret };
}

/** Opens a session, waits until its cache entry is trusted, and uses it once. */
async function openWarm(manager: IdentitySessionManager): Promise<Credentials> {
  const credentials = await open(manager);
  await until(() => clock.reads > 0);
  await manager.verify(credentials);
  return credentials;
}

/** Inserts sessions directly into the database, so that no manager has cached them. */
async function manySessions(count: number): Promise<Credentials[]> {
  const { rows } = await database.knex.raw<{ rows: { id: string }[] }>(
    `insert into identity_sessions (session_id, secret_hash, user_id, device, stay_signed_in, signed_in, active_day)
     select gen_random_uuid(), decode(?, 'hex'), 'bob', 'Web', false, to_timestamp(?), to_timestamp(?)
     from generate_series(1, ?) returning replace(session_id::text, '-', '') as id`,
    [hashSecret('a secret'), clock.now() / 1000, clock.now() / 1000, count],
  );
  return rows.map(({ id }) => ({ sessionId: id, secret: 'a secret' }));
}

/** Returns the number of connections of the app and its manager. */
async function connections(name = 'app'): Promise<number> {
  const { rows } = await database.knex.raw<{ rows: { count: number }[] }>(
    'select count(*)::int from pg_stat_activity where datname = current_database() and application_name = ?',
    [name],
  );
  return rows[0]!.count;
}

describe('createIdentitySessionManager', () => {
  it('sends no statement and opens no connection before the manager is used', async () => {
    const manager = use();
    clock.advance(60_000);
    await manager.close();
    expect([statements, await connections()]).toEqual([[], 0]);
  });

  it('opens a session with one statement, after it has found the tables, read the policy and started to read the change log', async () => {
    await open(use());
    await until(() => clock.reads === 1);
    expect(statements.sort()).toEqual([READ_FIRST, INSERT, POLICY, SCHEMA, LISTEN]);
  });

  it('reads an unknown session once for many concurrent requests', async () => {
    const credentials = await open(use());
    const other = use();
    statements.length = 0;
    await Promise.all(Array.from({ length: 20 }, async () => other.verify(credentials)));
    expect(statements.filter((statement) => statement === FIND)).toHaveLength(1);
  });

  it('answers cached requests synchronously without a query, and writes their touches together later', async () => {
    const manager = use();
    const sessions = [await openWarm(manager), await openWarm(manager), await openWarm(manager)];
    statements.length = 0;
    for (let hit = 0; hit < 100; hit++) {
      for (const credentials of sessions) expect(manager.verify(credentials)).not.toBeInstanceOf(Promise);
    }
    await turns();
    expect(statements).toEqual([]);

    clock.advance(FLUSH_EVERY);
    await until(() => statements.length >= 2);
    await turns();
    expect(statements.sort()).toEqual([READ_NEXT, TOUCH]);
  });

  it('writes the first touch, and then one after updateAfterCacheHits requests', async () => {
    const manager = use({ updateAfterCacheHits: 2 });
    const credentials = await openWarm(manager);
    clock.advance(FLUSH_EVERY);
    await until(() => statements.includes(TOUCH!));
    await until(() => manager.health().touches?.pending === 0);
    statements.length = 0;
    await manager.verify(credentials);
    const { reads } = clock;
    clock.advance(FLUSH_EVERY);
    await until(() => clock.reads > reads);
    expect(statements).not.toContain(TOUCH);
    await manager.verify(credentials);
    clock.advance(FLUSH_EVERY);
    await until(() => statements.includes(TOUCH!));
  });

  it.each(['rest', 'openXchange'] as const)(
    'lists a hundred sessions with one statement after it has found the tables and read the policy, and describes each distinct device once, in the dialect %s',
    async (name) => {
      const signedIn = use();
      for (let at = 0; at < 100; at++) {
        await signedIn.open({ userId: 'alice', userAgent: `Firefox/${at % 4}.0` });
      }
      const ours = jest.fn(describeDevice);
      const theirs = jest.fn(describeOxDevice);
      const manager = use({ describeDevice: ours });
      const dialects = { rest, openXchange };
      const dialect = dialects[name](manager.settings, { describeDevice: theirs });
      statements.length = 0;
      const { sessions } = await manager.list({ userId: 'alice' });
      const described = sessions.map((session) => manager.describe(session));
      await dialect.sessions({ sessions: described }, sessions[0]!, { headers: {} } as Request);
      expect([sessions.length, statements]).toEqual([100, [SCHEMA, POLICY, LIST]]);
      expect({ rest: ours.mock.calls, openXchange: theirs.mock.calls }[name]).toHaveLength(4);
      expect(ours.mock.calls.length + theirs.mock.calls.length).toBe(4);
    },
  );

  it('caches at most cacheSize sessions', async () => {
    const manager = use({ cacheSize: 2 });
    const [first, second, third] = [
      await openWarm(manager),
      await openWarm(manager),
      await openWarm(manager),
    ];
    expect(manager.verify(third)).not.toBeInstanceOf(Promise);
    expect(manager.verify(second)).not.toBeInstanceOf(Promise);
    const cold = manager.verify(first);
    expect(cold).toBeInstanceOf(Promise);
    await cold;
  });

  it('reads all sessions with one statement when the trust in the cache has expired', async () => {
    const manager = use();
    await openWarm(manager);
    const credentials = await manySessions(5000);
    await Promise.all(credentials.map(async (each) => manager.verify(each)));
    await database.knex.raw('alter table identity_session_changes rename to elsewhere');
    try {
      statements.length = 0;
      clock.advance(2000);
      await until(() => statements.includes(READ_NEXT!));
    } finally {
      await database.knex.raw('alter table elsewhere rename to identity_session_changes');
    }
    statements.length = 0;
    await Promise.all(credentials.map(async (each) => manager.verify(each)));
    expect(statements.filter((statement) => statement === FIND)).toHaveLength(1);
  });

  it('clears the cache when the change log contains a row of an unknown version', async () => {
    const manager = use();
    const sessions = [await openWarm(manager), await openWarm(manager)];
    const add = 'insert into identity_session_changes (session_id, version) values (gen_random_uuid(), ?)';
    for (const [version, cachedSessions] of [
      [1, 2],
      [2, 0],
    ] as const) {
      await database.knex.raw(add, [version]);
      const { reads } = clock;
      clock.advance(READ_EVERY);
      await until(() => clock.reads > reads);
      const answers = sessions.map((credentials) => manager.verify(credentials));
      expect(answers.filter((answer) => !(answer instanceof Promise))).toHaveLength(cachedSessions);
      for (const answer of answers) await answer;
    }
  });

  it('reports that the change log cannot be read, with a fix', async () => {
    const failed = ({ type }: SessionEvent) => type === 'failed';
    const events: SessionEvent[] = [];
    await openWarm(use({ report: (event) => failed(event) && events.push(event) }));
    await database.knex.raw('alter table identity_session_changes rename to elsewhere');
    try {
      clock.advance(READ_EVERY);
      await until(() => events.length > 0);
    } finally {
      await database.knex.raw('alter table elsewhere rename to identity_session_changes');
    }
    const fix = expect.objectContaining({ message: expect.stringMatching(/run its migrations/) });
    expect(events).toEqual([{ type: 'failed', task: 'changes', error: fix }]);
  });

  it('uses a store of the app alone, without a cache', async () => {
    const gated = new GatedStore(memory());
    const manager = managerOn({ store: gated.store, clock });
    const credentials = await open(manager);
    for (let hit = 0; hit < 3; hit++) await manager.verify(credentials);
    expect(gated.asked).toEqual({ policy: 1, insert: 1, find: 3, use: 3 });
  });
});

describe('a manager with a lease of 0', () => {
  it('reads the database for every request, once for all requests of a tick', async () => {
    const manager = use({ lease: 0 });
    const sessions = [await open(manager), await open(manager), await open(manager)];
    statements.length = 0;
    for (let hit = 0; hit < 3; hit++) {
      await Promise.all(sessions.map(async (credentials) => manager.verify(credentials)));
    }
    expect(statements.filter((statement) => statement !== TOUCH)).toEqual([FIND, FIND, FIND]);
  });

  it.each([
    ['another manager', () => managers[1]!.revoke({ owner: { userId: 'alice' } })],
    ['psql', () => database.knex.raw('update identity_sessions set ended_at = now()')],
  ])('refuses the next request after %s ended the session', async (_, end) => {
    const [manager] = [use({ lease: 0 }), use({ lease: 0 })];
    const credentials = await open(manager);
    await manager.verify(credentials);
    await end();
    await expect(manager.verify(credentials)).rejects.toMatchObject({ code: 'session-ended' });
  });
});

describe('the dedicated connection of a manager', () => {
  it('reads the change log while the app uses all connections of its pool', async () => {
    const manager = use();
    const credentials = await openWarm(manager);
    const held = await knex.transaction();
    for (let reads = 2; reads < 10; reads++) {
      clock.advance(READ_EVERY);
      await until(() => clock.reads === reads);
      expect(manager.verify(credentials)).not.toBeInstanceOf(Promise);
    }
    await held.rollback();
  });

  it('follows changesConnection, which must lead to the database that sessions are written to', async () => {
    const events: SessionEvent[] = [];
    const other = await createDatabase();
    const manager = use({
      changesConnection: other.url,
      report: (event) => event.type === 'failed' && events.push(event),
    });
    const credentials = await open(use());
    await manager.verify(credentials);
    await until(() => events.length > 0);
    expect(events).toMatchObject([
      { task: 'changes', error: { message: expect.stringContaining('leads to a different database') } },
    ]);
    await expect(open(manager)).rejects.toThrow('leads to a different database');
    for (let hit = 0; hit < 3; hit++) {
      const answer = manager.verify(credentials);
      expect(answer).toBeInstanceOf(Promise);
      await answer;
    }
    await manager.close();
    await other.destroy();

    const right = use({ changesConnection: `${database.url}?application_name=direct` });
    await right.verify(credentials);
    await until(() => right.health().changes?.trusted === true);
    await right.verify(credentials);
    expect(right.verify(credentials)).not.toBeInstanceOf(Promise);
    expect(await connections('direct')).toBe(1);
  });

  it("is closed with the manager, which leaves the app's Knex open and sends no more statements", async () => {
    const manager = use();
    await openWarm(manager);
    expect(await connections()).toBe(2);
    await manager.close();
    expect(await connections()).toBe(1);
    await expect(knex.raw('select 1')).resolves.toBeDefined();

    statements.length = 0;
    clock.advance(60_000);
    await turns();
    expect(statements).toEqual([]);
  });
});

describe('a node without requests', () => {
  const isPaused = (manager: IdentitySessionManager) => manager.health().changes!.paused;

  /** Lets time pass until the manager has read the log once more, or pauses. */
  async function nextRead(manager: IdentitySessionManager): Promise<void> {
    const { reads } = clock;
    clock.advance(READ_EVERY);
    await until(() => clock.reads > reads || isPaused(manager));
    await turns();
  }

  async function pause(manager: IdentitySessionManager): Promise<void> {
    while (!isPaused(manager)) await nextRead(manager);
    await until(async () => (await connections()) === 1);
  }

  it('closes its dedicated connection and sends nothing, until a request is checked against the database', async () => {
    const events: SessionEvent[] = [];
    const manager = use({ report: (event) => events.push(event) });
    const credentials = await openWarm(manager);
    await pause(manager);
    await manager.flush();
    statements.length = 0;
    clock.advance(10 * IDLE_AFTER);
    await turns();
    expect(statements).toEqual([]);
    expect(manager.health().changes).toMatchObject({ paused: true, trusted: false });

    const answer = manager.verify(credentials);
    expect(answer).toBeInstanceOf(Promise);
    await answer;
    await until(() => manager.health().changes?.trusted === true);
    expect(statements.sort()).toEqual([READ_NEXT, FIND, LISTEN]);
    expect(manager.verify(credentials)).not.toBeInstanceOf(Promise);
    expect(await connections()).toBe(2);
    expect(events.filter(({ type }) => type === 'failed' || type === 'recovered')).toEqual([]);
  });

  it('refuses a session that another node ended during the pause, at the first request', async () => {
    const manager = use();
    const credentials = await openWarm(manager);
    await pause(manager);
    const other = managerOn({ knex: database.knex, clock: new FakeClock() });
    managers.push(other);
    await other.revoke(everySessionOf({ userId: 'alice' }));
    await expect(async () => manager.verify(credentials)).rejects.toMatchObject({ code: 'session-ended' });
  });

  it('keeps reading while a stream waits for the end of its session, which closes the stream', async () => {
    const manager = use();
    const { sessionId } = await openWarm(manager);
    const ended = jest.fn();
    manager.onEnded(sessionId, ended);
    for (let passed = 0; passed < 3 * IDLE_AFTER; passed += READ_EVERY) await nextRead(manager);
    expect(isPaused(manager)).toBe(false);
    await database.knex.raw('update identity_sessions set ended_at = now()');
    for (let read = 1; read <= 4 && ended.mock.calls.length === 0; read++) {
      await nextRead(manager);
      // Shares the read of the watch. If time passed before it is answered, the session would count as unavailable.
      await manager.administration.find(sessionId);
    }
    await until(() => ended.mock.calls.length > 0);
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ code: 'session-ended' }));
  });
});

describe('a manager with a connection', () => {
  /** Names the connections of a manager, so that `connections` can count them. */
  const named = () => `${database.url}?application_name=own`;

  it('opens its connections when they are needed and closes them in close()', async () => {
    const manager = managerOn({ connection: named() });
    expect(await connections('own')).toBe(0);
    const credentials = await open(manager);
    await manager.verify(credentials);
    expect(await connections('own')).toBeGreaterThan(0);
    expect(await manager.close()).toEqual({ touchesLost: 0 });
    await until(async () => (await connections('own')) === 0);
    await manager.close();
  });

  it('opens at most ten connections beside the dedicated one', async () => {
    const manager = managerOn({ connection: { connectionString: named() }, cacheSize: 1 });
    await Promise.all(Array.from({ length: 30 }, () => open(manager)));
    expect(await connections('own')).toBe(11);
    await manager.close();
  });

  it('asks a function for the settings, and again when they expire', async () => {
    let calls = 0;
    let expired = false;
    const connection = async () => {
      calls += 1;
      expired = false;
      return { connectionString: named(), expirationChecker: () => expired };
    };
    const manager = managerOn({ connection });
    await open(manager);
    const before = calls;
    expect(before).toBeGreaterThan(0);
    expired = true;
    // A new connection is needed, because the pool has only one so far.
    await Promise.all([open(manager), open(manager)]);
    expect(calls).toBeGreaterThan(before);
    await manager.close();
  });

  it('refuses requests with store-unavailable after close()', async () => {
    const manager = managerOn({ connection: named() });
    const credentials = await open(manager);
    await manager.close();
    await expect(async () => manager.verify(credentials)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    await expect(open(manager)).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('closes its connections even if another part of close() fails', async () => {
    const manager = managerOn({ connection: named() });
    await open(manager);
    jest.spyOn(Cleanup.prototype, 'close').mockRejectedValue(new Error('planned'));
    await expect(manager.close()).rejects.toThrow('planned');
    // The dedicated connection belongs to the part that was skipped.
    await until(async () => (await connections('own')) <= 1);
  });

  it('waits in close() no longer than the timeout for a server that does not answer', async () => {
    const proxy = await Proxy.before(database.url);
    const manager = managerOn({ connection: proxy.through(named()) });
    await open(manager);
    proxy.silence();
    const began = performance.now();
    await manager.close({ timeout: 300 });
    expect(performance.now() - began).toBeLessThan(10_000);
    await proxy.down();
  });

  it('shows its password in no setting that is logged and in no error', async () => {
    const url = Object.assign(new URL(database.url), { username: 'nobody', password: 'the-password' });
    const events: SessionEvent[] = [];
    const report = (event: SessionEvent) => events.push(event);
    const manager = managerOn({ connection: url.href, changesConnection: url.href, report });
    const refused = await open(manager).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'store-unavailable' });
    await manager.close();
    const logged = inspect([manager, { ...manager.settings }, refused, events], { depth: 10, getters: true });
    expect(logged).not.toContain('the-password');
  });
});

describe('a session that has ended', () => {
  let credentials: Credentials;

  /** Three nodes that have cached the session, and may read the change log when they are notified. */
  beforeEach(async () => {
    credentials = await openWarm(use());
    managers.push(...[1, 2].map(() => managerOn({ knex: database.knex, clock })));
    for (const manager of managers) await manager.verify(credentials);
    await until(() => clock.reads === managers.length);
    for (const manager of managers) await manager.verify(credentials);
    for (const manager of managers) expect(manager.verify(credentials)).not.toBeInstanceOf(Promise);
    clock.advance(READ_AT_MOST_EVERY);
  });

  async function expectRefused(manager: IdentitySessionManager): Promise<void> {
    await until(() => {
      // The fake clock does not move, but tasks that are due now run.
      clock.advance(0);
      return readsDatabase(manager, credentials);
    });
    await expect(async () => manager.verify(credentials)).rejects.toMatchObject({ code: 'session-ended' });
  }

  it('is refused on every node at the notification of the node that ended it, before the next periodic read', async () => {
    const [one, ...others] = managers;
    await one!.signOut(credentials);
    for (const manager of others) await expectRefused(manager);
  });

  it('is refused on every node although the node that ended it was closed immediately afterwards', async () => {
    const [one, ...others] = managers;
    await one!.open({ userId: 'bob' });
    // Its notification delays the next one by the shortest interval.
    await one!.revoke({ owner: { userId: 'bob' } });
    await one!.signOut(credentials);
    await one!.close();
    clock.advance(READ_AT_MOST_EVERY);
    for (const manager of others) await expectRefused(manager);
  });

  it('is refused on every node at the next periodic read if it was ended in psql', async () => {
    await database.knex.raw('update identity_sessions set ended_at = now()');
    clock.advance(READ_EVERY);
    for (const manager of managers) await expectRefused(manager);
  });

  function readsDatabase(manager: IdentitySessionManager, credentials: Credentials): boolean {
    const answer = manager.verify(credentials);
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer instanceof Promise;
  }
});

describe('a dump that is restored under a running manager', () => {
  const TABLES = ['sessions', 'session_epochs', 'session_policy', 'session_changes', 'session_cleanup'].map(
    (name) => `identity_${name}`,
  );

  it('is served as it is, and revokeEverything() ends the sessions that it revived', async () => {
    const manager = use();
    const [revived, kept] = [await openWarm(manager), await open(manager)];
    for (const table of TABLES) await database.knex.raw(`create table dumped_${table} as table ${table}`);
    // The transaction ids of another server may be higher.
    await database.knex.raw(
      "insert into dumped_identity_session_changes values (?, '99999999999', 1, now(), 1)",
      [kept.sessionId],
    );
    const later = await open(manager);
    for (const credentials of [kept, later]) await manager.verify(credentials);
    await manager.signOut(revived);

    await restore();
    await readLog(manager);
    await manager.verify(kept);
    await manager.verify(revived);
    await expect(async () => manager.verify(later)).rejects.toMatchObject({ code: 'credentials-invalid' });

    await manager.administration.revokeEverything();
    for (const credentials of [kept, revived]) {
      await expect(async () => manager.verify(credentials)).rejects.toMatchObject({ code: 'session-ended' });
    }
    clock.advance(1);
    await manager.verify(await open(manager));
  });

  async function restore(): Promise<void> {
    await database.knex.transaction(async (transaction) => {
      for (const table of TABLES) {
        await transaction.raw(`truncate ${table}`);
        await transaction.raw(`insert into ${table} overriding system value select * from dumped_${table}`);
        await transaction.raw(`drop table dumped_${table}`);
      }
    });
  }

  /** Waits for two reads of the log, because the first one may have been sent before the restore. */
  async function readLog(manager: IdentitySessionManager): Promise<void> {
    for (let read = 0; read < 2; read++) {
      const { reads } = clock;
      clock.advance(READ_EVERY);
      await until(() => clock.reads > reads);
    }
    expect(manager.health().changes?.trusted).toBe(true);
  }
});

describe('a process with a manager', () => {
  it('continues when its dedicated connection is cut repeatedly', async () => {
    const program = `
      const knex = require('knex')({ client: 'pg', connection: process.env.APP_DATABASE, log: { warn() {} } });
      const { createIdentitySessionManager } = require('./lib');
      const reports = [];
      const report = ({ type, task }) => task === 'hint' && reports.push(type + ' ' + task);
      const manager = createIdentitySessionManager({ knex, location: false, report });
      const listeners = "select pid from pg_stat_activity where datname = current_database() and query ilike '%session_changes%' and pid <> pg_backend_pid()";

      async function cut() {
        for (;;) {
          const { rows } = await knex.raw('select pg_terminate_backend(pid) from (' + listeners + ') as own');
          if (rows.length > 0) return;
        }
      }
      async function main() {
        const { session, secret } = await manager.open({ userId: 'alice' });
        const credentials = { sessionId: session.sessionId, secret };
        for (let time = 1; time <= 3; time++) {
          await cut();
          while (reports.length < 2 * time) await new Promise(setImmediate);
        }
        while (manager.verify(credentials) instanceof Promise) await new Promise(setImmediate);
        await manager.close();
        await knex.destroy();
        console.log(reports.join());
      }
      main();`;
    const once = 'failed hint,recovered hint';
    expect(await outputOf(program, { APP_DATABASE: database.url })).toBe(`${once},${once},${once}\n`);
  });

  it('exits when the app destroys its Knex without closing the manager', async () => {
    const program = `
      const knex = require('knex')({ client: 'pg', connection: process.env.APP_DATABASE });
      const { createIdentitySessionManager } = require('./lib');
      const manager = createIdentitySessionManager({ knex, location: false });

      async function main() {
        const { session, secret } = await manager.open({ userId: 'alice' });
        const credentials = { sessionId: session.sessionId, secret };
        while (manager.verify(credentials) instanceof Promise) await new Promise(setImmediate);
        await knex.destroy();
        console.log('destroyed');
      }
      main();`;
    expect(await outputOf(program, { APP_DATABASE: database.url })).toBe('destroyed\n');
  });
});

describe('the option location', () => {
  it("uses the app's function, or geoip-lite, which is loaded only then", async () => {
    const program = `
      const { createIdentitySessionManager, memory } = require('./lib');
      const { displayLocation } = require('./lib/session/i18n');
      const isLoaded = () => Object.keys(require.cache).some((path) => /node_modules.geoip-lite/.test(path));

      async function locationWith(location) {
        const manager = createIdentitySessionManager({ store: memory(), location });
        const { session } = await manager.open({ userId: 'alice', ipAddress: '81.2.69.142' });
        return [String(location), displayLocation(manager.describe(session).place) ?? null, isLoaded()];
      }
      async function main() {
        const found = [];
        for (const location of [false, () => ({ city: 'Berlin' }), true, undefined]) {
          found.push(await locationWith(location));
        }
        console.log(JSON.stringify(found));
      }
      main();`;
    expect(JSON.parse(await outputOf(program))).toEqual([
      ['false', null, false],
      [expect.stringContaining('Berlin'), 'Berlin', false],
      ['true', expect.stringMatching(/United Kingdom$/), true],
      ['undefined', expect.stringMatching(/United Kingdom$/), true],
    ]);
  });
});

describe('a geoip-lite whose data cannot be used', () => {
  it.each([
    ['is missing', ''],
    ['is truncated', 'truncated'],
  ])(
    'does not end the app if it %s: the place is unknown, and one warning says how to fix it',
    async (_, content) => {
      const program = `
      const fs = require('node:fs');
      const { createIdentitySessionManager, memory } = require('./lib');
      const data = fs.mkdtempSync(require('node:os').tmpdir() + '/geo');
      process.env.GEODATADIR = data;
      const content = process.argv[1];
      if (content !== '') for (const name of fs.readdirSync('node_modules/geoip-lite/data')) fs.writeFileSync(data + '/' + name, content);
      process.on('warning', ({ code, message }) => console.log(code, message.includes('location: false')));

      async function main() {
        const manager = createIdentitySessionManager({ store: memory() });
        const { session } = await manager.open({ userId: 'alice', ipAddress: '81.2.69.142' });
        console.log('places', manager.describe(session).place, manager.describe(session).place);
        fs.rmSync(data, { recursive: true });
      }
      main();`;
      expect(await outputOf(program.replace('process.argv[1]', JSON.stringify(content)))).toBe(
        'places undefined undefined\nEIS_LOCATION true\n',
      );
    },
  );
});

describe('createIdentitySessionManager without usable options', () => {
  it.each([
    ['an invalid option', () => ({ knex, lease: 'soon' }), '`lease` is "soon"'],
    ['no database', () => ({ connection: undefined }), 'give exactly one of `knex`'],
    ['two databases', () => ({ knex, connection: database.url }), 'give exactly one of `knex`'],
    ['an object that is not a Knex instance', () => ({ knex: {} }), '`knex` must be a Knex on PostgreSQL'],
  ])('throws a TypeError for %s', async (_, options, problem) => {
    const build = () => createIdentitySessionManager({ location: false, ...(options() as object) });
    expect(build).toThrow(TypeError);
    expect(build).toThrow(problem);
    expect(await connections()).toBe(0);
  });
});
