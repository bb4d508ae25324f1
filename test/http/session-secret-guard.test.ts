import fc from 'fast-check';
import express, { type Express } from 'express';

import { createSignIn, memory, sessionSecretGuard, type IdentitySessionManager } from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { managerOn } from '../support/manager';
import { listenRaw, type RawServer } from '../support/raw';

let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  manager = managerOn({ store: memory(), clock: new FakeClock() });
  app = appOn(manager);
});

describe('whatever a header holds', () => {
  let server: RawServer;
  let cookie: string;

  beforeEach(async () => {
    const browser = new Browser(app);
    await browser.post('/sign-in', { userId: 'alice' });
    cookie = browser.cookieHeader;
    server = await listenRaw(app);
  });
  afterEach(() => server.close());

  /** What can stand in a header without Node refusing it by itself: no control characters but the tab. */
  const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f);
  const text = fc.array(byte, { maxLength: 80 }).map((codes) => String.fromCharCode(...codes));

  it('the guard answers 200, 400 or 401, and 200 only to the credentials themselves', async () => {
    const value = fc.oneof(
      text,
      fc.constantFrom('identity=', '__Host-identity=', '__Host-identity=a.b', ';', '; ', '"', '%00', '\t'),
    );
    const headers = fc.record({
      Cookie: fc
        .array(fc.oneof(value, fc.constant('@')))
        .map((parts) => parts.join('').replaceAll('@', cookie)),
      Authorization: fc.oneof(
        text,
        text.map((rest) => `Bearer ${rest}`),
        text.map((rest) => `Bearer eis_${rest}`),
      ),
      'User-Agent': text,
      'X-Forwarded-For': text,
    });
    await fc.assert(
      fc.asyncProperty(headers, async (sent) => {
        const lines = Object.entries(sent).map(([name, content]) => `${name}: ${content}`);
        const status = await server.send(['GET /private HTTP/1.1', 'Host: a', ...lines].join('\r\n'));
        expect([200, 400, 401]).toContain(status);
        if (status === 200) expect(sent.Cookie).toContain(cookie);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['GET', 'DELETE', 'POST', 'PUT'])(
    '%s of any path is answered, and never with a 500',
    async (method) => {
      const path = fc
        .array(
          fc.oneof(
            fc.constantFrom('/session', '/sessions', '/', '?current=', '%', '%00', '%2e', '&', '[', ']', '='),
            fc.webSegment(),
          ),
        )
        .map((parts) => `/${parts.join('')}`);
      await fc.assert(
        fc.asyncProperty(path, async (target) => {
          const status = await server.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}`);
          expect(status).toBeLessThan(500);
          expect(status).toBeGreaterThanOrEqual(200);
        }),
        { numRuns: 150 },
      );
    },
  );
});

describe('the session on the request', () => {
  it('is the own one of each user, however many ask at once', async () => {
    const users = Array.from({ length: 50 }, (_, i) => `user-${i}`);
    const browsers = await Promise.all(
      users.map(async (userId) => {
        const browser = new Browser(app);
        await browser.post('/sign-in', { userId });
        return browser;
      }),
    );
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(browsers.map((browser) => browser.get('/private')));
      expect(answers.map(({ body }) => body.userId)).toEqual(users);
    }
  });
});

describe('a guard that does not count activity', () => {
  it('lets pass and keeps nothing alive', async () => {
    const quiet = express();
    const signIn = createSignIn(manager);
    quiet.post('/sign-in', async (request_, response) => {
      response.json(await signIn(request_, response, { userId: 'alice' }));
    });
    quiet.get('/poll', sessionSecretGuard(manager, { activity: false }), (request_, response) => {
      response.json(request_.identitySession);
    });
    const browser = new Browser(quiet);
    await browser.post('/sign-in');
    expect((await browser.get('/poll')).body).toMatchObject({ userId: 'alice', lastAccessed: null });
  });
});
