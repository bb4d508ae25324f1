import fc from 'fast-check';
import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  memory,
  sessionSecretGuard,
  SessionError,
  type GuardOptions,
  type IdentitySessionManager,
  type Opened,
} from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { satisfies } from '../support/compliance';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { listenRaw, type RawServer } from '../support/raw';
import { HOUR } from '../support/sessions';
import { urlCharacter } from '../support/text';

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  manager = managerOn({ store, clock });
  app = appWith();
});

/** An app with one guarded route, which returns the session of the request. */
function appWith(options: GuardOptions = {}): Express {
  const app = express();
  app.all('/private', sessionSecretGuard(manager, options), (request_, response) => {
    response.json(request_.identitySession);
  });
  return app;
}

const opened = (): Promise<Opened> => manager.open({ userId: 'alice' });
const get = (headers: Record<string, string> = {}): Promise<Response> =>
  request(app).get('/private').set(headers);

describe('sessionSecretGuard', () => {
  it('accepts a request with a valid cookie and sets req.identitySession', async () => {
    const alice = await opened();
    const response = await get({ Cookie: cookieOf(alice) });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ sessionId: alice.session.sessionId, userId: 'alice' });
  });

  it('accepts a request with a valid bearer token and sets req.identitySession', async () => {
    const response = await get({ Authorization: bearerOf(await opened()) });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ userId: 'alice' });
  });

  it('returns 401 with code credentials-missing for a request without credentials', async () => {
    const response = await get();
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'credentials-missing' });
    expect(response.get('WWW-Authenticate')).toBe('Bearer');
  });

  it('returns 401 with code credentials-invalid for a wrong secret', async () => {
    const { session } = await opened();
    const response = await get({ Cookie: cookieOf({ session, secret: 'A'.repeat(43) }) });
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'credentials-invalid' });
  });

  it('returns 401 with code session-ended and the reason after the session was revoked', async () => {
    const alice = await opened();
    await manager.revoke({ owner: alice.session });
    const response = await get({ Cookie: cookieOf(alice) });
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'session-ended', reason: 'revoked' });
  });

  it('returns 401 with code session-expired after the session was idle for the short lifetime', async () => {
    const alice = await opened();
    clock.advance(HOUR);
    const response = await get({ Cookie: cookieOf(alice) });
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'session-expired' });
  });

  it('returns 503 with Retry-After and keeps the cookie while the database is away', async () => {
    const alice = await opened();
    store.find = () => {
      throw new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 });
    };
    const response = await get({ Cookie: cookieOf(alice) });
    expect(response.status).toBe(503);
    expect(response.body).toMatchObject({ code: 'store-unavailable' });
    expect(response.get('Retry-After')).toBe('1');
    expect(response.get('Set-Cookie')).toBeUndefined();
  });

  it(
    satisfies(
      'returns 403 with code cross-site for a write with a cookie from another site',
      'ASVS 3.5.1',
      'NIST 5.1 forgery',
    ),
    async () => {
      const headers = { Cookie: cookieOf(await opened()), 'Sec-Fetch-Site': 'cross-site' };
      const response = await request(app).post('/private').set(headers);
      expect(response.status).toBe(403);
      expect(response.body).toMatchObject({ code: 'cross-site' });
    },
  );

  it('records the time of a request as the last use of its session', async () => {
    clock.advance(1000);
    expect((await get({ Cookie: cookieOf(await opened()) })).body.lastAccessed).toBe(clock.now());
  });

  it('does not record the use of a session with activity: false', async () => {
    app = appWith({ activity: false });
    expect((await get({ Cookie: cookieOf(await opened()) })).body.lastAccessed).toBeNull();
  });

  it('sets the session of the right user on each of many parallel requests', async () => {
    const users = Array.from({ length: 50 }, (_, i) => `user-${i}`);
    const sessions = await Promise.all(users.map((userId) => manager.open({ userId })));
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(sessions.map((session) => get({ Cookie: cookieOf(session) })));
      expect(answers.map(({ body }) => body.userId)).toEqual(users);
    }
  });
});

describe('an optional sessionSecretGuard', () => {
  beforeEach(() => {
    app = express();
    const guard = sessionSecretGuard(manager, { optional: true });
    app.all('/private', guard, (request_, response) => {
      response.json({ user: request_.identitySession?.userId ?? null });
    });
  });

  it('sets req.identitySession for a live session', async () => {
    const response = await get({ Cookie: cookieOf(await opened()) });
    expect(response.body).toEqual({ user: 'alice' });
  });

  it.each([
    ['without credentials', () => ({})],
    [
      'with a wrong secret',
      ({ session }: Opened) => ({ Cookie: cookieOf({ session, secret: 'A'.repeat(43) }) }),
    ],
    ['with malformed credentials', () => ({ Authorization: 'Bearer eis_junk' })],
    [
      'with two different credentials',
      (alice: Opened) => ({ Cookie: cookieOf(alice), Authorization: 'Bearer eis_junk.junk' }),
    ],
  ])('passes on a request %s as a guest', async (_, headersOf) => {
    const response = await get(headersOf(await opened()));
    expect([response.status, response.body]).toEqual([200, { user: null }]);
  });

  it('passes on a request of an ended and of an expired session as a guest', async () => {
    const [ended, expired] = [await opened(), await opened()];
    await manager.revoke({ owner: ended.session, only: [ended.session.sessionId] });
    expect((await get({ Cookie: cookieOf(ended) })).body).toEqual({ user: null });
    clock.advance(HOUR);
    expect((await get({ Cookie: cookieOf(expired) })).body).toEqual({ user: null });
  });

  it('returns 503 while the database is away', async () => {
    const alice = await opened();
    store.find = () => {
      throw new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 });
    };
    expect((await get({ Cookie: cookieOf(alice) })).status).toBe(503);
  });

  it('returns 403 for a write with a cookie from another site, and passes on a guest', async () => {
    const write = (headers: Record<string, string>) =>
      request(app)
        .post('/private')
        .set({ 'Sec-Fetch-Site': 'cross-site', ...headers });
    expect((await write({ Cookie: cookieOf(await opened()) })).status).toBe(403);
    expect((await write({})).body).toEqual({ user: null });
  });

  it('refuses credentials that contradict the session of another guard', async () => {
    const [alice, bob] = [await opened(), await manager.open({ userId: 'bob' })];
    app = express();
    app.use((request_, _response, next) => {
      request_.identitySession = bob.session;
      next();
    });
    app.get('/private', sessionSecretGuard(manager, { optional: true }), (request_, response) => {
      response.json({ user: request_.identitySession?.userId });
    });
    expect((await get({ Cookie: cookieOf(alice) })).body).toMatchObject({ code: 'credentials-ambiguous' });
    const wrong = { Cookie: cookieOf({ session: alice.session, secret: 'A'.repeat(43) }) };
    expect((await get(wrong)).body).toMatchObject({ code: 'credentials-invalid' });
    expect((await get()).body).toEqual({ user: 'bob' });
  });
});

describe('sessionSecretGuard with random input', () => {
  let server: RawServer;
  let cookie: string;

  beforeEach(async () => {
    app = appOn(manager);
    const browser = new Browser(app);
    await browser.post('/sign-in', { userId: 'alice' });
    cookie = browser.cookieHeader;
    server = await listenRaw(app);
  });
  afterEach(() => server.close());

  /** The bytes that Node.js accepts in a header: no control characters except the tab. */
  const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f);
  const text = fc.array(byte, { maxLength: 80 }).map((codes) => String.fromCharCode(...codes));

  it(
    satisfies(
      'returns 200 only for the exact credentials, otherwise 400 or 401, for any header',
      'ASVS 7.2.1',
    ),
    async () => {
      const value = fc.oneof(
        text,
        fc.constantFrom(
          'identity=',
          '__Host-Http-identity=',
          '__Host-Http-identity=a.b',
          ';',
          '; ',
          '"',
          '%00',
          '\t',
        ),
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
    },
  );

  it.each(['GET', 'DELETE', 'POST', 'PUT'])(
    'never returns a 5xx status for a %s request to any path',
    async (method) => {
      const path = fc
        .array(
          fc.oneof(
            fc.constantFrom('/session', '/sessions', '/', '?current=', '%', '%00', '%2e', '&', '[', ']', '='),
            fc.string({ unit: urlCharacter }),
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
