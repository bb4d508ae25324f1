import express from 'express';

import {
  clearDeviceCookie,
  createSignIn,
  memory,
  restRouter,
  sessionErrors,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SessionEvent,
  type SignInFacts,
} from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';

const COOKIE =
  /^__Host-Http-identity-device=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax$/;

let store: AdministeredStore;
let manager: IdentitySessionManager;
let events: SessionEvent[];
let told: string[];
let app: express.Express;

beforeEach(() => {
  store = memory();
  events = [];
  told = [];
  use({ onNewDevice: ({ session }) => void told.push(session.sessionId) });
});

function use(options: IdentitySessionOptions): void {
  manager = managerOn({ store, clock: new FakeClock(), report: (event) => events.push(event), ...options });
  const signIn = createSignIn(manager);
  app = express();
  app.post('/sign-in', express.json(), (req, res, next) => {
    signIn(req, res, req.body as SignInFacts).then((signedIn) => res.json(signedIn), next);
  });
  app.post('/delete-account', (_req, res, next) => {
    const deleting = async () => {
      await manager.administration.eraseUser({ userId: 'alice' });
      clearDeviceCookie(manager, res);
      res.sendStatus(204);
    };
    deleting().catch(next);
  });
  app.use(restRouter(manager), sessionErrors(manager));
}

const alice = { userId: 'alice' };
const deviceOf = (browser: Browser) => browser.cookies.get('__Host-Http-identity-device');

describe('the device cookie', () => {
  it('distinguishes a known browser from a new one, also after the sign-out', async () => {
    const [home, work] = [new Browser(app), new Browser(app)];
    const first = await home.post('/sign-in', alice);
    expect(first.get('Set-Cookie')).toEqual([
      expect.stringMatching(/^__Host-Http-identity=/),
      expect.stringMatching(COOKIE),
    ]);
    const { body } = await work.post('/sign-in', alice);
    expect(told).toEqual([body.session.sessionId]);
    for (const browser of [home, work]) {
      await browser.delete('/session');
      expect([...browser.cookies.keys()]).toEqual(['__Host-Http-identity-device']);
      await browser.post('/sign-in', alice);
    }
    expect(told).toHaveLength(1);
  });

  it('stays the same at later sign-ins, also of other users, and is renewed by them and by autologin', async () => {
    const browser = new Browser(app);
    await browser.post('/sign-in', alice);
    const token = deviceOf(browser);
    for (const send of [
      () => browser.post('/sign-in', alice),
      () => browser.post('/sign-in', { userId: 'bob' }),
      () => browser.post('/session/autologin'),
    ]) {
      expect((await send()).get('Set-Cookie')).toContainEqual(expect.stringMatching(COOKIE));
      expect(deviceOf(browser)).toBe(token);
    }
  });

  it('is stored only as a hash, which is different for every user', async () => {
    const browser = new Browser(app);
    const ids: string[] = [];
    for (const userId of ['alice', 'bob']) {
      const { body } = await browser.post('/sign-in', { userId });
      ids.push(body.session.sessionId as string);
      expect(JSON.stringify(body)).not.toContain('knownDevice');
    }
    const hashes = await Promise.all(ids.map(async (id) => (await store.find(id))!.knownDevice));
    expect(new Set(hashes).size).toBe(2);
    expect(JSON.stringify([hashes, events])).not.toContain(deviceOf(browser));
  });

  it('is replaced if it is malformed', async () => {
    const browser = new Browser(app);
    browser.cookies.set('__Host-Http-identity-device', 'short');
    await browser.post('/sign-in', alice);
    expect(deviceOf(browser)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('is not set for clients without cookies, whose sign-ins are all new', async () => {
    const bearer = { ...alice, transport: 'bearer' };
    const browser = new Browser(app);
    const responses = [
      await browser.post('/sign-in', bearer),
      await browser.post('/sign-in', bearer),
      await browser.post('/sign-in', bearer),
    ];
    for (const response of responses) expect(response.get('Set-Cookie')).toBeUndefined();
    expect(told).toEqual(responses.slice(1).map(({ body }) => body.session.sessionId as string));
  });

  it('is not set without onNewDevice, and does not hold a device then', async () => {
    use({});
    const browser = new Browser(app);
    const { body } = await browser.post('/sign-in', alice);
    await browser.post('/session/autologin');
    expect([...browser.cookies.keys()]).toEqual(['__Host-Http-identity']);
    expect((await store.find(body.session.sessionId as string))!.knownDevice).toBeNull();
  });

  it('is never taken from the facts of a sign-in', async () => {
    const browser = new Browser(app);
    const token = 'a'.repeat(43);
    await browser.post('/sign-in', { ...alice, deviceToken: token });
    expect(deviceOf(browser)).not.toBe(token);
  });

  it('is cleared with the account, so that nothing reminds of it', async () => {
    const browser = new Browser(app);
    await browser.post('/sign-in', alice);
    await browser.post('/delete-account');
    expect(deviceOf(browser)).toBeUndefined();
  });

  it('keeps the device known that completes a sign-in at a limit', async () => {
    use({
      maxSessionsPerUser: 1,
      onLimit: 'ask',
      onNewDevice: ({ session }) => void told.push(session.sessionId),
    });
    const [home, work] = [new Browser(app), new Browser(app)];
    const first = await home.post('/sign-in', alice);
    await work.post('/sign-in', alice);
    expect([told, deviceOf(work)]).toEqual([[], undefined]);
    const opened = await work.post('/session/choice', { ends: [first.body.session.sessionId] });
    expect(told).toEqual([opened.body.session.id]);
    expect(deviceOf(work)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('clearDeviceCookie', () => {
  it('throws a TypeError without a manager', () => {
    expect(() => clearDeviceCookie({} as never, {} as never)).toThrow('clearDeviceCookie needs the manager');
  });
});
