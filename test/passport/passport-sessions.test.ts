import passport, { Passport } from 'passport';
import { Passport as Passport6 } from 'passport6';
import express from 'express';
import express4 from 'express4';
import request from 'supertest';

import { memory, type IdentitySessionManager } from '../../lib';
import { passportSessions } from '../../lib/passport';
import type { AdministeredStore } from '../../lib/store';
import { signInAs } from '../../lib/testing';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { GuestSessions } from '../support/guest-sessions';
import { managerOn } from '../support/manager';
import {
  ALICE,
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
  manager = managerOn({ store, clock });
});
afterEach(() => manager.close());

const appWith = (options: PassportAppOptions = {}) => new PassportApp(manager, options);
const endOf = async (sessionId: string) => (await store.find(sessionId))?.endReason;

describe.each([
  ['Express 4', 'Passport 0.6', { framework: express4, Class: Passport6 }],
  ['Express 5', 'Passport 0.6', { framework: express, Class: Passport6 }],
  ['Express 4', 'Passport 0.7', { framework: express4, Class: Passport }],
  ['Express 5', 'Passport 0.7', { framework: express, Class: Passport }],
])('passportSessions in %s with %s', (_, __, versions) => {
  it('signs a user in, restores the user for later requests, and signs out', async () => {
    const browser = new Browser(appWith(versions).app);
    expect((await browser.get('/')).body).toEqual(GUEST);
    expect((await browser.post('/login', form('alice'))).body).toEqual(ALICE.user);
    expect((await browser.get('/')).body).toEqual(ALICE);
    const id = sessionIn(browser);
    expect((await browser.post('/logout')).status).toBe(302);
    expect(browser.cookies.size).toBe(0);
    expect((await browser.get('/')).body).toEqual(GUEST);
    expect(await endOf(id)).toBe('signed-out');
  });

  it('leaves passport.initialize() and passport.session() in the app without effect', async () => {
    const guests = new GuestSessions();
    const { app, passport } = appWith({ ...versions, before: [guests.middleware] });
    app.get('/after', passport.initialize(), passport.session(), (req, res) => res.json(req.user ?? null));
    const browser = new Browser(app);
    await browser.get('/');
    guests.stored.set(browser.cookies.get('guest')!, JSON.stringify({ passport: { user: 2 } }));
    expect((await browser.get('/after')).body).toBeNull();
    await browser.post('/login', form('alice'));
    expect((await browser.get('/after')).body).toEqual(ALICE.user);
  });
});

describe('a request with a session of Passport', () => {
  it('continues as that of a guest after the session was revoked', async () => {
    const { app } = appWith();
    const [desk, phone] = [new Browser(app), new Browser(app)];
    await desk.post('/login', form('alice'));
    await phone.post('/login', form('alice'));
    expect((await desk.delete(`/sessions/${sessionIn(phone)}`)).status).toBe(204);
    expect((await phone.get('/')).body).toEqual(GUEST);
    expect((await desk.get('/')).body).toEqual(ALICE);
  });

  it('is refused with 503 if the session cannot be checked', async () => {
    const browser = new Browser(appWith().app);
    await browser.post('/login', form('alice'));
    const { status } = await new Browser(new PassportApp(managerOn({ store: brokenStore(), clock })).app, {
      Cookie: browser.cookieHeader,
    }).get('/');
    expect(status).toBe(503);
  });

  function brokenStore(): AdministeredStore {
    const broken = memory();
    broken.find = outage;
    return broken;
  }

  it.each(['cross-site', 'same-site'])(
    'is refused with 403 if it is a write from another site (%s)',
    async (site) => {
      const browser = new Browser(appWith().app);
      await browser.post('/login', form('alice'));
      const id = sessionIn(browser);
      const response = await request(appWith().app)
        .post('/logout')
        .set({ Cookie: browser.cookieHeader, 'Sec-Fetch-Site': site });
      expect(response.status).toBe(403);
      expect(await endOf(id)).toBeNull();
    },
  );

  it('ends the session and clears the cookie if deserializeUser finds no user', async () => {
    const host = appWith();
    const browser = new Browser(host.app);
    await browser.post('/login', form('alice'));
    const id = sessionIn(browser);
    host.accounts.delete(1);
    expect((await browser.get('/')).body).toEqual(GUEST);
    expect(browser.cookies.size).toBe(0);
    expect(await store.find(id)).toMatchObject({ endReason: 'administrator', endedBy: 'deserializeUser' });
  });

  it('fails with the error of deserializeUser, and keeps the session', async () => {
    const host = appWith();
    const browser = new Browser(host.app);
    await browser.post('/login', form('alice'));
    host.find = () => new Error('The accounts cannot be read.');
    expect((await browser.get('/')).status).toBe(500);
    expect(await endOf(sessionIn(browser))).toBeNull();
  });

  it('passes the user id to deserializeUser if the session was opened without Passport', async () => {
    const host = appWith();
    const seen: unknown[] = [];
    host.find = (id) => {
      seen.push(id);
      return ALICE.user;
    };
    const agent = request.agent(host.app);
    await signInAs(agent, manager, '1');
    expect((await agent.get('/')).body).toEqual(ALICE);
    expect(seen).toEqual(['1']);
  });

  it('sets the property that userProperty names', async () => {
    const { app } = appWith({ userProperty: 'account' });
    app.get('/account', (req, res) => {
      res.json({ account: Reflect.get(req, 'account'), authenticated: req.isAuthenticated() });
    });
    const browser = new Browser(app);
    await browser.post('/login', form('alice'));
    expect((await browser.get('/account')).body).toEqual({ account: ALICE.user, authenticated: true });
  });
});

describe('passportSessions', () => {
  it.each([
    [undefined, 'passport` is missing: write `passportSessions(manager, { passport })`'],
    [{}, "it must be the app's Passport"],
    [{ default: passport, clientSecret: 'hunter2' }, "it must be the app's Passport"],
  ])('throws a TypeError without a Passport, and shows no secret (%#)', (given, message) => {
    const build = () => passportSessions(manager, { passport: given as never });
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
    expect(build).not.toThrow('hunter2');
  });

  it('names the cause if the app configured another copy of Passport', async () => {
    const other = new Passport6();
    const errors: unknown[] = [];
    const { app } = appWith({ passport: other });
    app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      errors.push(error);
      res.status(500).end();
    });
    const browser = new Browser(app);
    expect((await browser.post('/login', form('alice'))).status).toBe(500);
    expect(errors).toEqual([
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('npm ls passport') }),
    ]);
    expect(browser.cookies.size).toBe(0);
  });

  it('accepts strategies of another copy of Passport, if it can convert their users', async () => {
    const { app } = appWith();
    const other = new Passport6();
    other.use('always', { authenticate: alwaysAlice });
    app.post('/other', other.authenticate('always'), (req, res) => res.json(req.user));
    const browser = new Browser(app);
    expect((await browser.post('/other')).body).toEqual(ALICE.user);
    expect((await browser.get('/')).body).toEqual(ALICE);
  });

  function alwaysAlice(this: { success(user: object): void }): void {
    this.success(ALICE.user);
  }
});
