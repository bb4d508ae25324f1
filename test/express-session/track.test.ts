import pgStore from 'connect-pg-simple';
import express from 'express';
import express4 from 'express4';
import session, { MemoryStore, type Store } from 'express-session';
import request from 'supertest';

import {
  restRouter,
  sessionSecretGuard,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';
import { trackExpressSession } from '../../lib/express-session';
import { createDatabase, type TestDatabase } from '../support/database';
import { browserOf, hostOn, signedIn, signedInCookie, type Browser } from '../support/express-session';
import { managerOn } from '../support/manager';
import { BY_ITSELF, watched } from '../support/watched';

let database: TestDatabase;
const managers: IdentitySessionManager[] = [];

beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await Promise.all(managers.splice(0).map((each) => each.close()));
  await database.empty();
});
afterAll(() => database.destroy());

function manager(options: Partial<IdentitySessionOptions> = {}): IdentitySessionManager {
  const created = managerOn({ knex: database.knex, ...options });
  managers.push(created);
  return created;
}

interface Row {
  readonly session_id: string;
  readonly user_id: string;
  readonly end_reason: string | null;
}

const rows = (): Promise<Row[]> => database.knex<Row>('identity_sessions').select().orderBy('signed_in');
const reasons = async () => (await rows()).map(({ user_id, end_reason }) => [user_id, end_reason]);
const seen = async (browser: Browser) => (await browser.get('/')).body as Record<string, string | null>;

/** The data of express-session's own store, by id. */
const sessionsIn = (store: MemoryStore) => (store as unknown as { sessions: object }).sessions;

const STORES: [string, () => Store & { close?: () => unknown }][] = [
  ['MemoryStore', () => new MemoryStore()],
  [
    'connect-pg-simple',
    () =>
      new (pgStore(session))({
        conString: database.url,
        createTableIfMissing: true,
        pruneSessionInterval: false,
      }),
  ],
];
const FRAMEWORKS: [string, typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
];
const HOSTS = FRAMEWORKS.flatMap(([framework, create]) =>
  STORES.map(([store, open]) => [framework, store, create, open] as const),
);

describe.each(HOSTS)('trackExpressSession in %s with %s', (_framework, _store, framework, open) => {
  let store: ReturnType<typeof open>;
  const host = (options: Partial<IdentitySessionOptions> = {}) =>
    hostOn(manager(options), { framework, store });

  beforeEach(() => {
    store = open();
  });
  afterEach(async () => {
    await store.close?.();
  });

  it('opens one session at the sign-in, sets it on requests, and lists it', async () => {
    const alice = await signedIn(host());
    expect(await reasons()).toEqual([['alice', null]]);
    const { userId, sessionId } = await seen(alice);
    expect(userId).toBe('alice');
    const { body } = (await alice.get('/sessions')) as { body: { sessions: unknown[] } };
    expect(body.sessions).toMatchObject([{ id: sessionId, current: true }]);
  });

  it('destroys the express-session at the next request after its session was revoked elsewhere', async () => {
    const app = host();
    const [phone, desktop] = [await signedIn(app), await signedIn(app)];
    const { sessionId } = await seen(phone);
    expect((await desktop.delete(`/sessions/${sessionId}`)).status).toBe(204);
    const refused = await phone.get('/');
    expect([refused.status, refused.body]).toMatchObject([401, { code: 'session-ended', reason: 'revoked' }]);
    expect(await seen(phone)).toEqual({ theirs: null, userId: null, sessionId: null });
    expect((await seen(desktop)).userId).toBe('alice');
  });

  it('keeps the session when the express-session is regenerated, and can still revoke it', async () => {
    const app = host();
    const alice = await signedIn(app);
    const before = await seen(alice);
    expect((await alice.post('/regenerate')).status).toBe(204);
    expect(await seen(alice)).toEqual(before);
    await managers[0]!.revoke({ owner: { userId: 'alice' } });
    expect((await alice.get('/')).status).toBe(401);
    expect(await reasons()).toEqual([['alice', 'revoked']]);
  });

  it.each(['sign-out', 'sign-out-anew', 'sign-out-here'])(
    'ends the session before the response when the app signs out by %s, and opens another at the next sign-in',
    async (route) => {
      const alice = await signedIn(host());
      expect((await alice.post(`/${route}`)).status).toBe(204);
      expect(await reasons()).toEqual([['alice', 'signed-out']]);
      expect(await seen(alice)).toMatchObject({ userId: null });
      await alice.post('/sign-in-here');
      expect((await seen(alice)).userId).toBe('alice');
      expect(await reasons()).toEqual([
        ['alice', 'signed-out'],
        ['alice', null],
      ]);
    },
  );

  it('opens one session for parallel first requests of a user who was signed in before', async () => {
    const old = hostOn(manager(), { framework, store, tracked: false });
    const cookie = await signedInCookie(old);
    const app = host();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => request(app).get('/').set('Cookie', cookie)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(new Set(answers.map(({ body }) => (body as { sessionId: string }).sessionId)).size).toBe(1);
    expect(await reasons()).toEqual([['alice', null]]);
  });
});

describe('trackExpressSession', () => {
  it('lets sessionSecretGuard and restRouter of the same manager accept its session', async () => {
    const sessions = manager();
    const others = manager({ cookies: { secure: false, name: 'other' } });
    const app = hostOn(sessions, { before: [restRouter(sessions)] });
    app.all('/guarded', sessionSecretGuard(sessions), (req, res) => void res.json(req.identitySession));
    app.get('/admin', sessionSecretGuard(others), (_req, res) => void res.send('secret'));
    const [alice, guest] = [await signedIn(app), browserOf(app)];
    expect((await alice.get('/sessions')).body).toMatchObject({ sessions: [{ current: true }] });
    expect((await alice.post('/guarded')).body).toMatchObject({ userId: 'alice' });
    expect((await alice.post('/guarded').set('Sec-Fetch-Site', 'cross-site')).status).toBe(403);
    expect((await alice.get('/admin')).status).toBe(401);
    expect((await guest.get('/guarded')).status).toBe(401);
    expect((await alice.delete('/session')).status).toBe(204);
    expect(await seen(alice)).toEqual({ theirs: null, userId: null, sessionId: null });
  });

  it('stores no id of an express-session', async () => {
    const store = new MemoryStore();
    const app = hostOn(manager(), { store });
    const alice = await signedIn(app);
    await seen(alice);
    const sids = Object.keys(sessionsIn(store));
    const tables = await database.knex.raw<{ rows: { name: string }[] }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    const texts = await Promise.all(
      tables.rows.map(({ name }) =>
        database.knex(name).select(database.knex.raw('to_jsonb(??) as j', [name])),
      ),
    );
    expect(sids).toHaveLength(1);
    expect(JSON.stringify(texts)).toContain('alice');
    expect(JSON.stringify(texts)).not.toContain(sids[0]);
  });

  it('writes neither table for further requests', async () => {
    const store = new MemoryStore();
    const statements: string[] = [];
    const knex = database.connect({ pool: { min: 0, max: 10, afterCreate: watched(statements) } });
    const alice = await signedIn(hostOn(manager({ knex }), { store }));
    await seen(alice);
    await managers[0]!.flush();
    const set = jest.spyOn(store, 'set');
    expect(statements).toContain('"public".identity_sessions.insert');
    statements.length = 0;
    for (let each = 0; each < 5; each++) await seen(alice);
    expect(set).not.toHaveBeenCalled();
    expect(statements.filter((name) => !BY_ITSELF.test(name))).toEqual([]);
  });

  it('ends the session of the previous user when another one signs in, in the same express-session or a new one', async () => {
    const browser = await signedIn(hostOn(manager()));
    await browser.post('/sign-in-here?user=bob');
    await browser.post('/sign-in?user=carol');
    expect((await seen(browser)).userId).toBe('carol');
    expect(await reasons()).toEqual([
      ['alice', 'signed-out'],
      ['bob', 'signed-out'],
      ['carol', null],
    ]);
  });

  it.each<[string, Partial<IdentitySessionOptions>]>([
    ['a limit that refuses', { maxSessionsPerUser: 1, onLimit: 'refuse' }],
    ['a limit that ends the oldest', { maxSessionsPerUser: 1 }],
    ['LogoutFromAllDevices', { preventConcurrentLogin: 'LogoutFromAllDevices' }],
  ])('opens one session for parallel first requests under %s', async (_title, options) => {
    const store = new MemoryStore();
    const cookie = await signedInCookie(hostOn(manager(), { store, tracked: false }));
    const apps = [hostOn(manager(options), { store }), hostOn(manager(options), { store })];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, each) =>
        request(apps[each % 2]!)
          .get('/')
          .set('Cookie', cookie),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await reasons()).toEqual([['alice', null]]);
  });

  it('refuses a sign-in beyond a limit with 409, and destroys its express-session', async () => {
    const app = hostOn(manager({ maxSessionsPerUser: 1, onLimit: 'refuse' }));
    const first = await signedIn(app);
    const second = browserOf(app);
    const refused = await second.post('/sign-in');
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'session-limit-reached' }]);
    expect(await seen(second)).toMatchObject({ theirs: null });
    expect((await seen(first)).userId).toBe('alice');
  });

  it('does not let a session that was revoked during regenerate() continue', async () => {
    const revoke = () => managers[0]!.revoke({ owner: { userId: 'alice' } });
    const app = hostOn(manager(), {
      before: [
        (req, _response, next) =>
          req.path === '/regenerate' ? void revoke().then(() => next(), next) : next(),
      ],
    });
    const alice = await signedIn(app);
    await alice.post('/regenerate');
    expect(await seen(alice)).toMatchObject({ theirs: null, userId: null });
    expect(await reasons()).toEqual([['alice', 'revoked']]);
  });

  it('refuses an express-session whose ended session the cleanup has deleted', async () => {
    const alice = await signedIn(hostOn(manager()));
    await managers[0]!.revoke({ owner: { userId: 'alice' } });
    await database.knex('identity_sessions').delete();
    const app = await alice.get('/');
    expect([app.status, app.body]).toMatchObject([401, { code: 'session-ended' }]);
    expect(await seen(alice)).toMatchObject({ theirs: null });
    expect(await rows()).toEqual([]);
  });

  it('destroys the express-session when the verb signOut ends the session', async () => {
    const store = new MemoryStore();
    const alice = await signedIn(hostOn(manager(), { store }));
    expect((await alice.delete('/session')).status).toBe(204);
    expect(Object.keys(sessionsIn(store))).toEqual([]);
    expect((await alice.get('/')).status).toBe(200);
  });

  it('lets guests pass and opens no session for them', async () => {
    const guest = browserOf(hostOn(manager()));
    await guest.post('/visit');
    expect(await seen(guest)).toEqual({ theirs: null, userId: null, sessionId: null });
    expect((await guest.get('/sessions')).status).toBe(500);
    expect(await rows()).toEqual([]);
  });

  it('returns 503 when the database is unreachable, and keeps the user signed in', async () => {
    const store = new MemoryStore();
    const app = hostOn(manager(), { store });
    const cookie = await signedInCookie(app);
    const unreachable = manager({
      knex: undefined,
      connection: 'postgres://127.0.0.1:1/none',
      requestBudget: 200,
    });
    const refused = await request(hostOn(unreachable, { store })).get('/').set('Cookie', cookie);
    expect([refused.status, refused.body]).toMatchObject([503, { code: 'store-unavailable' }]);
    expect((await request(app).get('/').set('Cookie', cookie)).body).toMatchObject({ userId: 'alice' });
  });

  it.each(['throws', 'calls back with an error'])(
    'returns 500 and ends nothing when the store of express-session %s at a sign-out',
    async (how) => {
      const store = new MemoryStore();
      const alice = await signedIn(hostOn(manager(), { store }));
      jest.spyOn(store, 'destroy').mockImplementationOnce((_sid, done) => {
        if (how === 'throws') throw new Error('store is down');
        done?.(new Error('store is down'));
      });
      const refused = await alice.post('/sign-out');
      expect([refused.status, refused.text]).toEqual([500, expect.stringContaining('store is down')]);
      expect(await seen(alice)).toMatchObject({ userId: 'alice' });
      expect(await reasons()).toEqual([['alice', null]]);
    },
  );

  it('returns 500 when the store of express-session cannot destroy a revoked session, and refuses again', async () => {
    const store = new MemoryStore();
    const alice = await signedIn(hostOn(manager(), { store }));
    await managers[0]!.revoke({ owner: { userId: 'alice' } });
    jest.spyOn(store, 'destroy').mockImplementationOnce(() => {
      throw new Error('store is down');
    });
    expect((await alice.get('/')).status).toBe(500);
    expect((await alice.get('/')).status).toBe(401);
  });

  it('finds the session again after a new installation key was added', async () => {
    const store = new MemoryStore();
    const cookie = await signedInCookie(hostOn(manager(), { store, tracked: false }));
    const save = jest.spyOn(store, 'set').mockImplementation((_sid, _session, done) => done?.());
    await seenBy(['o'.repeat(32)]);
    save.mockRestore();
    await seenBy(['n'.repeat(32), 'o'.repeat(32)]);
    expect(await reasons()).toEqual([['alice', null]]);

    async function seenBy(keys: readonly [string, ...string[]]): Promise<void> {
      const app = hostOn(manager({ keys }), { store });
      expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(200);
    }
  });

  it('passes a TypeError that says how to fix it if userOf returns a number, or express-session is missing', async () => {
    const numbers = hostOn(manager(), { userOf: () => 7 as unknown as string });
    const refused = await request(numbers).get('/');
    expect([refused.status, refused.text]).toEqual([500, expect.stringContaining('String(request.user.id)')]);
    const bare = express().use(trackExpressSession(managers[0]!, { userOf: () => 'alice' }));
    expect((await request(bare).get('/')).text).toContain('mount it after');
    expect(() => trackExpressSession(managers[0]!, {} as never)).toThrow(/trackExpressSession.*userOf/s);
  });
});
