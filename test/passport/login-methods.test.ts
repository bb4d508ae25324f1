import { promisify } from 'node:util';

import type express from 'express';
import request from 'supertest';

import { memory, signInLimiter, type IdentitySessionManager } from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { HOUR } from '../support/sessions';
import { managerOn } from '../support/manager';
import { nodesOnADatabase } from '../support/nodes';
import {
  ALICE,
  COOKIE,
  form,
  GUEST,
  outage,
  PassportApp,
  type PassportAppOptions,
  sessionIn,
} from '../support/passport-app';

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  manager = managerOn({ store, clock, clearSiteData: ['storage'] });
});
afterEach(() => manager.close());

const appWith = (options: PassportAppOptions = {}) => new PassportApp(manager, options);
const endOf = async (sessionId: string) => (await store.find(sessionId))?.endReason;

describe('a sign-in with Passport', () => {
  it('opens a session with a new id each time, and ends the previous session', async () => {
    const browser = new Browser(appWith().app);
    await browser.post('/login', form('alice'));
    const first = sessionIn(browser);
    await browser.post('/login', form('bob'));
    const second = sessionIn(browser);
    expect(second).not.toBe(first);
    expect(await endOf(first)).toBe('replaced');
    expect(await store.find(second)).toMatchObject({ userId: '2', endReason: null });
  });

  it('does not adopt a session id that was planted in the browser', async () => {
    const browser = new Browser(appWith().app);
    browser.cookies.set(COOKIE, `${'a'.repeat(32)}.${'A'.repeat(43)}`);
    await browser.post('/login', form('alice'));
    expect(sessionIn(browser)).not.toBe('a'.repeat(32));
    expect((await browser.get('/')).body).toEqual(ALICE);
  });

  it('is refused with 401 and opens no session for a wrong password', async () => {
    const browser = new Browser(appWith().app);
    expect((await browser.post('/login', form('alice', 'wrong'))).status).toBe(401);
    expect(browser.cookies.size).toBe(0);
  });

  it('redirects to failureRedirect, and each such failure counts for signInLimiter', async () => {
    const before = [signInLimiter(manager, { limit: 3 })];
    const browser = new Browser(appWith({ before }).app);
    for (let i = 0; i < 3; i++) {
      expect((await browser.post('/form', form('alice', 'wrong'))).get('Location')).toBe('/login');
    }
    expect((await browser.post('/form', form('alice'))).status).toBe(429);
  });

  it('does not count for signInLimiter if it succeeds, also without a session', async () => {
    const before = [signInLimiter(manager, { limit: 2 })];
    const browser = new Browser(appWith({ before }).app);
    for (const path of ['/form', '/form', '/api', '/api', '/login']) {
      expect((await browser.post(path, form('alice'))).status).toBeLessThan(400);
    }
  });

  it('opens no session with session: false', async () => {
    const browser = new Browser(appWith().app);
    expect((await browser.post('/api', form('alice'))).body).toEqual(ALICE.user);
    expect(browser.cookies.size).toBe(0);
  });

  it.each([
    ['/form', '/home'],
    ['/form?returnTo=%2Forders%3Fpage%3D2', '/orders?page=2'],
    ['/form?returnTo=%2F%2Fevil.example', '/home'],
    ['/form?returnTo=https%3A%2F%2Fevil.example', '/home'],
    ['/form?returnTo=%2F%5Cevil.example', '/home'],
  ])('of a form sent to %s redirects to %s', async (path, location) => {
    const response = await new Browser(appWith().app).post(path, form('alice'));
    expect([response.status, response.get('Location')]).toEqual([302, location]);
  });

  it('takes facts of the session from factsOf, such as staySignedIn from a checkbox', async () => {
    const factsOf = async (user: Express.User, req: express.Request) => ({
      staySignedIn: (req.body as { remember?: string }).remember,
      tenantId: 'acme',
      userId: (user as { name: string }).name,
      protocolData: { other: { kept: true } },
    });
    const browser = new Browser(appWith({ factsOf }).app);
    const response = await browser.post('/login', `${form('alice')}&remember=on`);
    expect(response.get('Set-Cookie')?.[0]).toContain('Max-Age');
    const session = await store.find(sessionIn(browser));
    expect(session).toMatchObject({ userId: 'alice', tenantId: 'acme', staySignedIn: true });
    expect(session?.protocolData).toEqual({ other: { kept: true }, passport: { user: 1 } });
    expect((await browser.get('/')).body).toEqual(ALICE);
  });

  it('passes a refusal on to the error handlers, and sets no user', async () => {
    const browser = new Browser(appWith().app);
    store.insert = outage;
    const response = await browser.post('/login', form('alice'));
    expect(response.status).toBe(503);
    expect(browser.cookies.size).toBe(0);
  });

  it.each(['cross-site', 'same-site'])('from another site is refused with 403 (%s)', async (site) => {
    const response = await request(appWith().app)
      .post('/login')
      .set('Sec-Fetch-Site', site)
      .send(form('alice'));
    expect(response.status).toBe(403);
    expect(response.headers).not.toHaveProperty('set-cookie');
  });
});

describe('the methods of a request', () => {
  it('fail without a callback, and change nothing', async () => {
    const { app } = appWith();
    const messages: string[] = [];
    app.post('/careless', (req, res) => {
      for (const method of ['login', 'logIn', 'logout', 'logOut'] as const) {
        try {
          (req[method] as (user: object) => void)({});
        } catch (error) {
          messages.push((error as Error).message);
        }
      }
      res.json(req.user);
    });
    const browser = new Browser(app);
    await browser.post('/login', form('alice'));
    expect((await browser.post('/careless')).body).toEqual(ALICE.user);
    expect(messages).toEqual(
      Array(2)
        .fill(expect.stringContaining('request.login requires a callback'))
        .concat(Array(2).fill(expect.stringContaining('request.logout requires a callback'))),
    );
    expect((await browser.get('/')).body).toEqual(ALICE);
  });

  it('sign in twice and out in one request, and leave no session behind', async () => {
    const { app } = appWith();
    const seen: unknown[] = [];
    app.post('/all', async (req, res) => {
      const login = (user: object) => promisify<object, void>(req.login.bind(req) as never)(user);
      await login({ id: 1 });
      await login({ id: 2 });
      seen.push(req.user, req.identitySession?.userId, req.isAuthenticated(), req.isUnauthenticated());
      await promisify(req.logout.bind(req) as (done: () => void) => void)();
      seen.push(req.user, req.identitySession, req.isAuthenticated(), req.isUnauthenticated());
      res.json({});
    });
    const browser = new Browser(app);
    expect((await browser.post('/all')).status).toBe(200);
    expect(seen).toEqual([{ id: 2 }, '2', true, false, null, undefined, false, true]);
    expect(browser.cookies.size).toBe(0);
    for (const userId of ['1', '2']) expect((await manager.list({ userId })).sessions).toEqual([]);
  });

  it('keep data of the previous session of the same user with keepSessionInfo', async () => {
    const browser = new Browser(appWith().app);
    const dataAfter = async (path: string, name: string) => {
      await browser.post(path, form(name));
      return (await store.find(sessionIn(browser)))!.data;
    };
    await browser.post('/login', form('alice'));
    await manager.update(sessionIn(browser), { data: { cart: 'book' } });
    expect(await dataAfter('/keep', 'alice')).toEqual({ cart: 'book' });
    expect(await dataAfter('/keep', 'bob')).toEqual({});
  });
});

describe('a sign-out with Passport', () => {
  it('ends a hibernating session, and succeeds for a session that has ended', async () => {
    const factsOf = () => ({ staySignedIn: true });
    const browser = new Browser(appWith({ factsOf }).app);
    await browser.post('/login', form('alice'));
    const id = sessionIn(browser);
    const held = browser.cookies.get(COOKIE)!;
    clock.advance(2 * HOUR);
    const out = await browser.post('/logout');
    expect([out.status, out.get('Clear-Site-Data')]).toEqual([302, '"storage"']);
    expect(await endOf(id)).toBe('signed-out');
    browser.cookies.set(COOKIE, held);
    expect((await browser.post('/logout')).status).toBe(302);
    expect(browser.cookies.size).toBe(0);
  });

  it('does nothing for a guest', async () => {
    expect((await new Browser(appWith().app).post('/logout')).status).toBe(302);
  });

  it('passes a failure of the store on, and keeps the session', async () => {
    const browser = new Browser(appWith().app);
    await browser.post('/login', form('alice'));
    const { end } = store;
    store.end = outage;
    expect((await browser.post('/logout')).status).toBe(503);
    store.end = end;
    expect((await browser.get('/')).body).toEqual(ALICE);
  });
});

describe('passportSessions on two nodes', () => {
  const nodes = nodesOnADatabase();

  it('ends the session on both nodes at a sign-out, and a revocation reaches the other node', async () => {
    const [one, two] = [nodes.use(), nodes.use()].map((each) => new Browser(new PassportApp(each).app));
    const browser = one!;
    await browser.post('/login', form('alice'));
    two!.cookies.set(COOKIE, browser.cookies.get(COOKIE)!);
    expect((await two!.get('/')).body).toEqual(ALICE);
    await browser.post('/logout');
    nodes.clock.advance(60_000);
    expect((await two!.get('/')).body).toEqual(GUEST);
    const row = await nodes.database.knex('identity_sessions').first();
    expect(row).toMatchObject({ user_id: '1', end_reason: 'signed-out' });
  });
});
