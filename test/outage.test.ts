import { inspect } from 'node:util';

import type { Express } from 'express';
import request from 'supertest';

import { memory, type IdentitySessionManager, type SessionEvent } from '../lib';
import { READ_EVERY } from '../lib/changes/changes';
import { appOn } from './support/app';
import { Browser } from './support/browser';
import { FakeClock } from './support/clock';
import { createDatabase, type TestDatabase } from './support/database';
import { turns, until } from './support/gate';
import { managerOn } from './support/manager';
import { Proxy } from './support/proxy';

const LEASE = 2000;
const BUDGET = 1000;
/** Knex logs broken connections, which these tests cause all the time. */
const QUIET = { warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let proxy: Proxy;
let clock: FakeClock;
let events: SessionEvent[];
let manager: IdentitySessionManager;
let app: Express;

beforeEach(async () => {
  database = await createDatabase();
  proxy = await Proxy.before(database.url);
  clock = new FakeClock();
  events = [];
  const knex = database.connect({ connection: proxy.through(database.url), log: QUIET });
  manager = managerOn({
    knex,
    clock,
    lease: LEASE,
    requestBudget: BUDGET,
    report: (event) => events.push(event),
  });
  app = appOn(manager);
});
afterEach(async () => {
  await manager.close();
  await proxy.close();
  await database.destroy();
});

/** Signs in and returns the browser. Its session is cached and trusted for the whole lease from now on. */
async function cachedSession(): Promise<Browser> {
  const browser = new Browser(app);
  expect((await browser.post('/sign-in', { userId: 'alice' })).status).toBe(200);
  await until(() => clock.reads === 1);
  await browser.get('/private');
  await turns();
  clock.advance(READ_EVERY);
  await until(() => clock.reads === 2);
  return browser;
}

/** Repeats the request until the answer is not 503: after an outage, the database is used again once a probe succeeded. */
async function answered(ask: () => Promise<request.Response>): Promise<request.Response> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const response = await ask();
    if (response.status !== 503) return response;
  }
  throw new Error('The database is not used again.');
}

function expectUnavailable(response: request.Response): void {
  expect(response.status).toBe(503);
  expect(response.get('Retry-After')).toBe('1');
  expect(response.get('Set-Cookie')).toBeUndefined();
  expect(response.get('WWW-Authenticate')).toBeUndefined();
  expect(response.body.code).toBe('store-unavailable');
  expect(response.text).not.toMatch(/ECONN|postgres|127\.0\.0\.1|connection/i);
}

describe('an app whose Postgres is down', () => {
  it('accepts cached sessions until the lease ends, then returns 503, and recovers when Postgres is back', async () => {
    const browser = await cachedSession();
    const port = proxy.port;
    await proxy.down();

    clock.advance(LEASE - 1);
    expect((await browser.get('/private')).status).toBe(200);
    clock.advance(1);
    expectUnavailable(await browser.get('/private'));
    expectUnavailable(await browser.get('/sessions'));
    expectUnavailable(await browser.delete('/sessions/others'));
    expectUnavailable(await browser.delete('/session'));
    expectUnavailable(await new Browser(app).post('/sign-in', { userId: 'bob' }));

    await proxy.up(port);
    expect((await answered(() => browser.get('/private'))).status).toBe(200);
    expect((await browser.get('/sessions')).body.sessions).toHaveLength(1);
  });

  it('reports touches that it could not write, keeps them, and writes them when Postgres is back', async () => {
    const browser = await cachedSession();
    const port = proxy.port;
    await proxy.down();
    for (let hit = 0; hit < 20; hit++) await browser.get('/private');
    const lastUse = clock.now();
    clock.advance(1000);
    await until(() => events.some((event) => event.type === 'failed' && event.task === 'touches'));

    await proxy.up(port);
    await manager.close();
    const [row] = await database.knex('identity_sessions').select('last_accessed');
    expect((row.last_accessed as Date).getTime()).toBe(lastUse);
  });
});

describe('an app whose Postgres hangs', () => {
  it('answers every request, with 503 if it needs the database', async () => {
    const browser = await cachedSession();
    proxy.silence();
    expect((await browser.get('/private')).status).toBe(200);
    expectUnavailable(await browser.get('/sessions'));
    proxy.resume();
    expect((await browser.get('/sessions')).status).toBe(200);
  });

  it('returns 503 without waiting after the first few timeouts, until Postgres answers a probe', async () => {
    const browser = await cachedSession();
    const eager = managerOn({
      knex: database.connect({ connection: proxy.through(database.url), log: QUIET }),
      clock,
      lease: 0,
      requestBudget: 1000,
    });
    const path = appOn(eager);
    const ask = () => request(path).get('/private').set('Cookie', browser.cookieHeader);
    expect((await ask()).status).toBe(200);
    proxy.silence();
    await Promise.all([ask(), ask(), ask()].map(async (asked) => expectUnavailable(await asked)));
    const began = performance.now();
    for (let i = 0; i < 20; i++) expectUnavailable(await ask());
    // If each of the 20 requests waited for its budget, they would take 20 seconds.
    expect(performance.now() - began).toBeLessThan(10_000);
    proxy.resume();
    expect((await answered(ask)).status).toBe(200);
    await eager.close();
  });

  it('returns 503 after the request budget if the pool has no free connection', async () => {
    const browser = await cachedSession();
    const client = database.knex.client as {
      acquireConnection(): Promise<object>;
      releaseConnection(c: object): void;
    };
    const held = await Promise.all(Array.from({ length: 10 }, () => client.acquireConnection()));
    const busy = managerOn({ knex: database.knex, clock, requestBudget: BUDGET, lease: 0 });
    const waiting = await request(appOn(busy)).get('/private').set('Cookie', browser.cookieHeader);
    expectUnavailable(waiting);
    for (const connection of held) client.releaseConnection(connection);
    expect((await request(appOn(busy)).get('/private').set('Cookie', browser.cookieHeader)).status).toBe(200);
    await busy.close();
  });
});

describe('an app whose tables are missing', () => {
  it('passes an error to its error handler that tells the operator to run the migrations', async () => {
    const browser = await cachedSession();
    await database.knex.raw('alter table identity_sessions rename to elsewhere');
    const failing = managerOn({ knex: database.knex, clock, lease: 0 });
    const errors: unknown[] = [];
    const broken = appOn(failing);
    broken.use(
      (error: unknown, _request: unknown, response: { sendStatus(status: number): void }, _next: unknown) => {
        errors.push(error);
        response.sendStatus(500);
      },
    );
    const response = await request(broken).get('/private').set('Cookie', browser.cookieHeader);
    expect(response.status).toBe(500);
    expect(String(errors[0])).toMatch(/run its migrations/);
    await database.knex.raw('alter table elsewhere rename to identity_sessions');
    await failing.close();
  });
});

describe('health()', () => {
  it('reports pending touches, cached sessions, the age of the last read and the database, without asking the database', async () => {
    const browser = await cachedSession();
    const { touches, cache, changes, database: reached } = manager.health();
    expect(touches).toEqual({ pending: 1, oldest: READ_EVERY });
    expect(cache).toEqual({ size: 1 });
    expect(changes).toMatchObject({ trusted: true, age: 0, position: expect.any(String) });
    expect(changes?.hints).toEqual([{ name: 'listen', up: true, since: expect.any(Number) }]);
    expect(reached).toEqual({ available: true });

    await proxy.down();
    clock.advance(LEASE);
    for (let i = 0; i < 4; i++) expectUnavailable(await browser.get('/private'));
    await until(() => manager.health().changes?.hints[0]?.up === false);
    expect(manager.health()).toMatchObject({
      touches: { pending: 1 },
      changes: { trusted: false, age: LEASE },
      database: { available: false },
    });
  });

  it('contains only the state of cleanup if the manager uses the memory store', async () => {
    const manager = managerOn({ store: memory(), clock });
    expect(manager.health()).toEqual({ cleanup: { lastSuccess: null, failingSince: null } });
    await manager.runCleanup();
    expect(manager.health()).toEqual({ cleanup: { lastSuccess: clock.now(), failingSince: null } });
  });
});

describe('close()', () => {
  it('resolves to the number of lost touches if the database stays down', async () => {
    await cachedSession();
    await proxy.down();
    expect(await manager.close()).toEqual({ touchesLost: 1 });
  });

  it('waits at most for the given timeout if the database hangs', async () => {
    await cachedSession();
    proxy.silence();
    const closing = manager.close({ timeout: 1 });
    await turns();
    clock.advance(1);
    expect(await closing).toEqual({ touchesLost: 1 });
  });

  it('loses no touches while the database answers', async () => {
    await cachedSession();
    expect(await manager.close()).toEqual({ touchesLost: 0 });
  });
});

describe('a database that refuses a row', () => {
  const SECRET = 'mallory-secret';
  const shown = (value: unknown) => inspect(value, { depth: 9, showHidden: true });

  it('does not put values of the row into the error of a sign-in', async () => {
    await database.knex.raw(
      `alter table identity_sessions add constraint no_mallory check (user_id !~ 'mallory')`,
    );
    const error: unknown = await manager
      .open({ userId: SECRET, ipAddress: '192.0.2.7' })
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: '23514', constraint: 'no_mallory', table: 'identity_sessions' });
    expect(shown(error)).not.toMatch(/mallory-secret|192\.0\.2\.7/);
  });

  it("does not put a trigger's message into an error or an event", async () => {
    const { session } = await manager.open({ userId: SECRET });
    await database.knex.raw(`
      create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'no % here', old.user_id using errcode = 'restrict_violation'; end $$;
      create trigger refuse before update on identity_sessions for each row execute function refuse()`);
    const error: unknown = await manager.revoke({ owner: session }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: '23001' });
    for (let hit = 0; hit < 10; hit++) await manager.verifyClaimed(session.sessionId);
    clock.advance(1000);
    await until(() => events.some(({ type }) => type === 'failed'));
    expect(shown([error, events.filter(({ type }) => type === 'failed')])).not.toContain(SECRET);
  });
});
