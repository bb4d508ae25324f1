import type { Request } from 'express';

import { memory, type IdentitySessionManager } from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { GuestSessions, sessionOf } from '../support/guest-sessions';
import { managerOn } from '../support/manager';
import {
  ALICE,
  COOKIE,
  form,
  GUEST,
  outage,
  PassportApp,
  type PassportAppOptions,
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

describe('passportSessions behind a middleware with sessions for guests', () => {
  let guests: GuestSessions;
  let browser: Browser;

  beforeEach(() => {
    guests = new GuestSessions();
    const { app } = appWith({ before: [guests.middleware] });
    app.post('/cart/:item', (req, res) => {
      sessionOf(req)['cart'] = req.params.item;
      res.json({});
    });
    app.get('/cart', (req, res) => {
      res.json({ cart: sessionOf(req)['cart'] });
    });
    app.post('/destroy', (req, res, next) => {
      sessionOf(req).destroy((error) => (error === undefined ? res.json({}) : next(error)));
    });
    browser = new Browser(app);
  });

  const cart = async () => ((await browser.get('/cart')).body as { cart?: string }).cart;

  it('leaves its values to guests, gives it a new id at the sign-in, and drops its values', async () => {
    await browser.post('/cart/book');
    expect(await cart()).toBe('book');
    const planted = browser.cookies.get('guest')!;
    await browser.post('/login', form('alice'));
    expect(browser.cookies.get('guest')).not.toBe(planted);
    expect(guests.stored.has(planted)).toBe(false);
    expect(await cart()).toBeUndefined();
    expect((await browser.get('/')).body).toEqual(ALICE);
  });

  it('keeps its values at the sign-in with keepSessionInfo, under a new id', async () => {
    await browser.post('/cart/book');
    const planted = browser.cookies.get('guest')!;
    await browser.post('/keep', form('alice'));
    expect(browser.cookies.get('guest')).not.toBe(planted);
    expect(await cart()).toBe('book');
  });

  it('drops its values at the sign-out', async () => {
    await browser.post('/login', form('alice'));
    await browser.post('/cart/book');
    await browser.post('/logout');
    expect(await cart()).toBeUndefined();
    expect((await browser.get('/')).body).toEqual(GUEST);
  });

  it('ends the new session again if the store of the guests fails', async () => {
    guests.failure = new Error('The store of the guests failed.');
    expect((await browser.post('/login', form('alice'))).status).toBe(500);
    expect(browser.cookies.has(COOKIE)).toBe(false);
    expect((await manager.list({ userId: '1' })).sessions).toEqual([]);
  });

  it('ends the session at the sign-out even if the store of the guests fails', async () => {
    await browser.post('/login', form('alice'));
    guests.failure = new Error('The store of the guests failed.');
    expect((await browser.post('/logout')).status).toBe(500);
    expect((await browser.get('/')).body).toEqual(GUEST);
  });

  it.each([
    ['works', undefined],
    ['fails', new Error('The store of the guests failed.')],
  ])(
    'ends the session if the app only destroys that of the guest, and the store of the guests %s',
    async (_, failure) => {
      await browser.post('/login', form('alice'));
      const held = browser.cookies.get(COOKIE)!;
      guests.failure = failure;
      expect((await browser.post('/destroy')).status).toBe(failure === undefined ? 200 : 500);
      browser.cookies.set(COOKIE, held);
      expect((await browser.get('/')).body).toEqual(GUEST);
    },
  );

  it('ignores a user that Passport stored there before the app adopted this package', async () => {
    await browser.get('/');
    guests.stored.set(browser.cookies.get('guest')!, JSON.stringify({ passport: { user: 1 }, cart: 'book' }));
    expect((await browser.get('/')).body).toEqual(GUEST);
    await browser.post('/keep', form('bob'));
    expect(guests.stored.get(browser.cookies.get('guest')!)).toBe('{"cart":"book"}');
  });
});

describe('request.session of an app that has none', () => {
  function appWithRoutes(): Browser {
    const { app } = appWith();
    app.post('/destroy', (req, res, next) => {
      provided(req).destroy((error) =>
        error ? next(error) : res.json({ session: req.identitySession ?? null }),
      );
    });
    app.post('/forget', (req, res) => {
      provided(req).destroy();
      res.json({});
    });
    app.post('/regenerate', (req, res, next) => {
      provided(req).regenerate((error) => (error ? next(error) : res.json({})));
    });
    app.post('/messages', (req, res) => {
      const session = provided(req);
      session['messages'] = ['Saved.'];
      session.touch();
      session.save();
      session.reload(() => session.save(() => res.json(session['messages'])));
    });
    return new Browser(app);
  }

  type Ended = (callback?: (error?: unknown) => void) => void;
  type Provided = Record<'destroy' | 'regenerate' | 'save' | 'reload' | 'touch', Ended> &
    Record<string, unknown>;
  const provided = (req: Request) => (req as Request & { session: Provided }).session;

  it.each(['/destroy', '/regenerate', '/forget'])('ends the session of the request (%s)', async (path) => {
    const browser = appWithRoutes();
    await browser.post('/login', form('alice'));
    const held = browser.cookies.get(COOKIE)!;
    expect((await browser.post(path)).status).toBe(200);
    browser.cookies.set(COOKIE, held);
    expect((await browser.get('/')).body).toEqual(GUEST);
  });

  it('passes the error to the callback if the session cannot be ended, and otherwise warns', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
    const browser = appWithRoutes();
    await browser.post('/login', form('alice'));
    store.end = outage;
    expect((await browser.post('/destroy')).status).toBe(503);
    expect(warnings).not.toHaveBeenCalled();
    expect((await browser.post('/forget')).status).toBe(200);
    expect(warnings).toHaveBeenCalledWith(expect.any(String), { code: 'EIS_SESSION_NOT_ENDED' });
  });

  it('keeps values until the end of the request, and warns once about each name', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
    const browser = appWithRoutes();
    for (let i = 0; i < 2; i++) expect((await browser.post('/messages')).body).toEqual(['Saved.']);
    expect(warnings.mock.calls).toEqual([
      [expect.stringContaining('`request.session.messages` is lost'), { code: 'EIS_REQUEST_SESSION_LOST' }],
    ]);
  });
});
