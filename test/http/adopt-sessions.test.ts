import express, { type Express, type Request, type RequestHandler } from 'express';
import express4 from 'express4';
import session, { MemoryStore, type Store } from 'express-session';
import request from 'supertest';

import {
  adoptSessions,
  createSignIn,
  deviceBinding,
  sessionErrors,
  sessionSecretGuard,
  signOut,
  type AdoptOptions,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';
import { BoundBrowser } from '../support/bound-browser';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { hostOn, signedInCookie } from '../support/express-session';
import { managerOn } from '../support/manager';

let database: TestDatabase;
let store: MemoryStore;
let clock: FakeClock;
const managers: IdentitySessionManager[] = [];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(() => {
  store = new MemoryStore();
  clock = new FakeClock();
});
afterEach(async () => {
  await Promise.all(managers.splice(0).map((each) => each.close()));
  await database.empty();
});
afterAll(() => database.destroy());

function manager(options: Partial<IdentitySessionOptions> = {}): IdentitySessionManager {
  const created = managerOn({
    knex: database.knex,
    cookies: { secure: false },
    keys: ['a key of the environment, not of the database'],
    ...options,
  });
  managers.push(created);
  return created;
}

const oldSessionOf = ({ session: theirs, sessionID }: Request) =>
  theirs.userId === undefined ? undefined : { id: sessionID, userId: theirs.userId };

const endOld = (each: Request) =>
  new Promise<void>((resolve, reject) => {
    each.session.destroy((error) => (error ? reject(error as Error) : resolve()));
  });

/** The new version of the app: it adopts the sessions of express-session. */
function newVersion(
  sessions: IdentitySessionManager,
  {
    framework = express,
    old = session({ secret: 'x', resave: false, saveUninitialized: false, store }),
    ...given
  }: {
    framework?: typeof express;
    old?: RequestHandler;
  } & Partial<AdoptOptions> = {},
): Express {
  const app = framework();
  app.use(old, adoptSessions(sessions, { oldSessionOf, endOld, ...given }));
  const signIn = createSignIn(sessions);
  app.post('/sign-in', (req, response, next) => {
    signIn(req, response, { userId: 'bob' }).then(() => response.sendStatus(204), next);
  });
  app.delete('/session', signOut(sessions));
  app.post('/session/binding', deviceBinding(sessions));
  app.use(sessionSecretGuard(sessions));
  app.all('/', (req, response) => void response.json(req.identitySession));
  app.use(sessionErrors(sessions));
  return app;
}

/** The version of the app after the old system was removed. */
function lastVersion(sessions: IdentitySessionManager): Express {
  const app = express().use(sessionSecretGuard(sessions));
  return app.get('/', (req, response) => void response.json(req.identitySession));
}

/** The old version of the app, which knows only express-session. */
const oldVersion = (its: Store = store) => hostOn(manager(), { store: its, tracked: false });

const reasons = async () =>
  (
    await database
      .knex<{ user_id: string; end_reason: string | null }>('identity_sessions')
      .orderBy('signed_in')
  ).map(({ user_id, end_reason }) => [user_id, end_reason]);

const firstCookie = (response: request.Response) =>
  (response.get('Set-Cookie') ?? []).find((each) => each.startsWith('identity='))?.split(';')[0];

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('adoptSessions in %s', (_title, framework) => {
  it.each<[string, Partial<IdentitySessionOptions>]>([
    ['no limit', {}],
    ['a limit that refuses', { maxSessionsPerUser: 1, onLimit: 'refuse' }],
    ['LogoutFromAllDevices', { preventConcurrentLogin: 'LogoutFromAllDevices' }],
  ])('opens one session for eight parallel first requests on two nodes under %s', async (_limit, options) => {
    const cookie = await signedInCookie(oldVersion());
    const apps = [manager(options), manager(options)].map((each) => newVersion(each, { framework }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, each) =>
        request(apps[each % 2]!)
          .get('/')
          .set('Cookie', cookie),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(firstCookie)).size).toBe(1);
    expect(await reasons()).toEqual([['alice', null]]);
    const own = await request(lastVersion(manager())).get('/').set('Cookie', firstCookie(answers[0]!)!);
    expect(own.body).toMatchObject({ userId: 'alice' });
  });
});

describe('adoptSessions', () => {
  it('does not know when the user was authenticated, unless oldSessionOf says so', async () => {
    const before = oldVersion();
    const sessions = manager();
    for (const [user, authenticatedAt] of [
      ['alice', undefined],
      ['carol', new Date(Date.UTC(2026, 0, 1))],
    ] as const) {
      const facts = authenticatedAt && { authenticatedAt };
      const app = newVersion(sessions, {
        oldSessionOf: (each) => ({ ...oldSessionOf(each)!, ...facts }),
      });
      await request(app)
        .get('/')
        .set('Cookie', await signedInCookie(before, user));
      const [session] = (await sessions.list({ userId: user })).sessions;
      expect(session?.authenticatedAt).toBe(authenticatedAt?.getTime() ?? null);
    }
  });

  it('lets a user move between the old and the new version, with one session', async () => {
    const [before, after] = [oldVersion(), newVersion(manager())];
    const cookie = await signedInCookie(before);
    const own = firstCookie(await request(after).get('/').set('Cookie', cookie));
    const both = `${cookie}; ${own}`;
    for (const app of [before, after, before, after]) {
      const { status, text } = await request(app).get('/').set('Cookie', both);
      expect([status, text]).toEqual([200, expect.stringContaining('alice')]);
    }
    expect(await reasons()).toEqual([['alice', null]]);
  });

  it('ends the adopted session when the user has signed out or in again at the old version', async () => {
    const [before, after] = [oldVersion(), newVersion(manager())];
    const cookie = await signedInCookie(before);
    const own = firstCookie(await request(after).get('/').set('Cookie', cookie));
    await request(before).post('/sign-out').set('Cookie', cookie);
    expect((await request(after).get('/').set('Cookie', `${cookie}; ${own}`)).status).toBe(401);
    expect(await reasons()).toEqual([['alice', 'signed-out']]);

    const again = await signedInCookie(before, 'carol');
    const next = await request(after).get('/').set('Cookie', `${again}; ${own}`);
    expect(next.body).toMatchObject({ userId: 'carol' });
    const newest = await signedInCookie(before, 'carol');
    await request(after)
      .get('/')
      .set('Cookie', `${newest}; ${firstCookie(next)}`);
    expect(await reasons()).toEqual([
      ['alice', 'signed-out'],
      ['carol', 'replaced'],
      ['carol', null],
    ]);
  });

  it('ends the old session too after the adopted session was revoked', async () => {
    const [before, after] = [oldVersion(), newVersion(manager())];
    const cookie = await signedInCookie(before);
    await request(after).get('/').set('Cookie', cookie);
    await managers.at(-1)!.revoke({ owner: { userId: 'alice' } });
    const refused = await request(after).get('/').set('Cookie', cookie);
    expect([refused.status, refused.body]).toMatchObject([401, { code: 'session-ended' }]);
    expect((await request(before).get('/').set('Cookie', cookie)).body).toMatchObject({ theirs: null });
  });

  it('leaves a session of this package in force when the request also has an old session', async () => {
    const app = newVersion(manager());
    const own = firstCookie(await request(app).post('/sign-in'));
    const old = await signedInCookie(oldVersion());
    const { body } = await request(app).get('/').set('Cookie', `${old}; ${own}`);
    expect(body).toMatchObject({ userId: 'bob' });
    expect(await reasons()).toEqual([['bob', null]]);
  });

  it('leaves it in force also if it is bound to its device, or may not change its address', async () => {
    const sessions = manager({ cookies: {}, deviceBound: 'optional', ipCheck: { mode: 'strict' }, clock });
    const app = newVersion(sessions, {
      old: (_request, _response, next) => next(),
      endOld: undefined,
      oldSessionOf: (each) => (each.get('X-Old') === undefined ? undefined : { id: 'old', userId: 'alice' }),
    });
    const browser = new BoundBrowser(app);
    const signedIn = await browser.post('/sign-in');
    browser.offer = signedIn.headers['secure-session-registration'] as string;
    expect((await browser.register()).status).toBe(200);
    clock.advance(60_000);
    const { body, headers } = await request(app).get('/').set({ Cookie: browser.cookieHeader, 'X-Old': '1' });
    expect(body).toMatchObject({ userId: 'bob' });
    expect(headers['set-cookie']).toBeUndefined();
    expect(await reasons()).toEqual([['bob', null]]);
  });

  it('moves users of JWTs, and with follows: false accepts the cookie without the token', async () => {
    const verified: RequestHandler = (_request, _response, next) => next();
    const app = newVersion(manager(), {
      old: verified,
      endOld: undefined,
      follows: false,
      oldSessionOf: (each) => {
        const token = each.get('Authorization');
        return token === undefined ? undefined : { id: token, userId: 'dave', clientId: 'app' };
      },
    });
    const first = await request(app).get('/').set('Authorization', 'Bearer header.payload.signature');
    expect(first.body).toMatchObject({ userId: 'dave', clientId: 'app' });
    const next = await request(app).get('/').set('Cookie', firstCookie(first)!);
    expect(next.body).toMatchObject({ userId: 'dave' });
    expect(await reasons()).toEqual([['dave', null]]);
  });

  it('refuses a write that another site started, before it opens a session', async () => {
    const cookie = await signedInCookie(oldVersion());
    const refused = await request(newVersion(manager()))
      .post('/')
      .set({ Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' });
    expect([refused.status, refused.body]).toMatchObject([403, { code: 'cross-site' }]);
    expect(await reasons()).toEqual([]);
  });

  it('does not let the request pass the guard of another manager', async () => {
    const app = newVersion(manager());
    const admins = manager({ cookies: { secure: false, name: 'admin' } });
    app.get('/admin', sessionSecretGuard(admins), (_req, response) => void response.send('secret'));
    const cookie = await signedInCookie(oldVersion());
    expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(200);
    const refused = await request(app).get('/admin').set('Cookie', cookie);
    expect([refused.status, refused.body]).toMatchObject([401, { code: 'credentials-missing' }]);
  });

  it('returns 503 and keeps the old session when the database is unreachable', async () => {
    const cookie = await signedInCookie(oldVersion());
    const unreachable = manager({
      knex: undefined,
      connection: 'postgres://127.0.0.1:1/none',
      requestBudget: 200,
    });
    const refused = await request(newVersion(unreachable)).get('/').set('Cookie', cookie);
    expect([refused.status, refused.body]).toMatchObject([503, { code: 'store-unavailable' }]);
    expect((await request(oldVersion()).get('/').set('Cookie', cookie)).body).toMatchObject({
      theirs: 'alice',
    });
  });

  it('throws a TypeError if the manager has no keys, because its own key is in the database', () => {
    expect(() => newVersion(manager({ keys: undefined }))).toThrow(/adoptSessions needs the option `keys`/);
  });

  it('throws a TypeError without oldSessionOf, and passes one if it returns no old session', async () => {
    const sessions = manager();
    expect(() => adoptSessions(sessions, {} as never)).toThrow(/adoptSessions.*oldSessionOf/s);
    const app = newVersion(sessions, { oldSessionOf: () => ({ id: 'x', userId: 7 }) as never });
    expect((await request(app).get('/')).status).toBe(500);
  });
});
