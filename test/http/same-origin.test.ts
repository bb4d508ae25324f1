import express, { type Express } from 'express';
import express4 from 'express4';
import request from 'supertest';

import {
  autologin,
  createSignIn,
  memory,
  revokeRoute,
  sameOrigin,
  sessionErrors,
  sessionSecretGuard,
  signOut,
  type CookieOptions,
} from '../../lib';
import { satisfies } from '../support/compliance';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';

const OTHER = 'https://www.example.com';

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('sameOrigin in %s', (_, framework) => {
  function appWith(origins: string[] = [], cookies: CookieOptions = {}): Express {
    const app = framework();
    app.all('/', sameOrigin(managerOn({ store: memory(), origins, cookies })), (__, response) => {
      response.sendStatus(200);
    });
    return app;
  }

  const post = async (headers: Record<string, string>, app = appWith()) =>
    (
      await request(app)
        .post('/')
        .set({ Host: 'app.example:8080', ...headers })
    ).status;

  it.each([
    [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ 'Sec-Fetch-Site': 'none' }, 200],
    [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'nonsense' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'http://app.example:8080' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin', Origin: 'http://evil.example' }, 200],
    [{ Origin: 'http://app.example:8080' }, 200],
    [{ Origin: 'https://app.example:8080' }, 200],
    [{ Origin: 'http://APP.example:8080' }, 200],
    [{ Origin: 'http://app.example' }, 403],
    [{ Origin: 'http://app.example:8081' }, 403],
    [{ Origin: 'http://app.example:8080.evil.example' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'app://app.example:8080' }, 403],
    [{ Origin: 'nonsense' }, 403],
    [{}, 200],
  ])(
    satisfies(
      'answers a write with the headers %j with status %d',
      'ASVS 3.5.1',
      'ASVS 3.5.2',
      'ASVS 3.7.5',
      'NIST 5.1 forgery',
    ),
    async (headers, status) => {
      expect(await post(headers)).toBe(status);
    },
  );

  it.each(['GET', 'HEAD', 'OPTIONS'])('accepts %s requests from any origin', async (method) => {
    const { status } = await request(appWith())[method.toLowerCase() as 'get']('/').set({
      'Sec-Fetch-Site': 'cross-site',
      Origin: 'https://evil.example',
    });
    expect(status).toBe(200);
  });

  it('accepts writes from the configured origins and no others', async () => {
    const app = appWith([OTHER]);
    expect(await post({ 'Sec-Fetch-Site': 'cross-site', Origin: OTHER }, app)).toBe(200);
    expect(await post({ Origin: OTHER }, app)).toBe(200);
    expect(await post({ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://example.com' }, app)).toBe(403);
    expect(await post({ 'Sec-Fetch-Site': 'cross-site' }, app)).toBe(403);
  });

  it.each(['capacitor://localhost', 'chrome-extension://abcdefghijklmnop', 'app://.'])(
    'accepts writes from %s if it is configured, and from no other app',
    async (origin) => {
      const app = appWith([origin]);
      expect(await post({ 'Sec-Fetch-Site': 'cross-site', Origin: origin }, app)).toBe(200);
      expect(await post({ Origin: origin }, app)).toBe(200);
      expect(await post({ Origin: `${origin}x` }, app)).toBe(403);
      expect(await post({ Origin: 'null' }, app)).toBe(403);
    },
  );

  it('refuses writes without an origin if cookies are sent to frames of other sites', async () => {
    const app = appWith([], { sameSite: 'none', partitioned: true });
    expect(await post({}, app)).toBe(403);
    expect(await post({ Origin: 'http://app.example:8080' }, app)).toBe(200);
    expect(await post({ 'Sec-Fetch-Site': 'same-origin' }, app)).toBe(200);
    expect(await post({ 'Sec-Fetch-Site': 'cross-site' }, app)).toBe(403);
  });

  it.each([
    [{ Origin: 'null' }, 'Referrer-Policy: same-origin'],
    [{ Origin: 'null', 'Sec-Fetch-Site': 'cross-site' }, 'Another site started this request.'],
    [{ Origin: 'https://evil.example' }, 'Another site started this request.'],
  ])('explains the refusal of a write with the headers %j', async (headers, detail) => {
    const { body } = await request(appWith()).post('/').set(headers);
    expect(body).toMatchObject({ code: 'cross-site', detail: expect.stringContaining(detail) as string });
  });

  it('respects X-Forwarded-Host only from a trusted proxy', async () => {
    const headers = { Origin: 'https://public.example', 'X-Forwarded-Host': 'public.example' };
    expect(await post(headers)).toBe(403);
    const behindProxy = appWith();
    behindProxy.set('trust proxy', 'loopback');
    expect(await post(headers, behindProxy)).toBe(200);
  });
});

describe('a verb that is mounted on GET', () => {
  const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };

  async function arrange() {
    const manager = managerOn({ store: memory() });
    const app = express();
    const guard = sessionSecretGuard(manager);
    app.get('/sign-out', signOut(manager));
    app.get('/guarded-sign-out', guard, signOut(manager));
    app.get('/autologin', autologin(manager));
    app.get('/others', guard, revokeRoute(manager, { which: 'others' }));
    app.get('/end/:id', guard, revokeRoute(manager));
    const [mine, other] = [await manager.open({ userId: 'alice' }), await manager.open({ userId: 'alice' })];
    return { manager, app, mine, other };
  }

  it.each(['/sign-out', '/guarded-sign-out', '/autologin', '/others', '/end/:id'])(
    'refuses a request of another site: %s',
    async (route) => {
      const { manager, app, mine, other } = await arrange();
      const path = route.replace(':id', other.session.sessionId);
      const refused = await request(app)
        .get(path)
        .set({ ...CROSS_SITE, Cookie: cookieOf(mine) });
      expect([refused.status, refused.body.code]).toEqual([403, 'cross-site']);
      expect((await manager.list({ userId: 'alice' })).sessions).toHaveLength(2);
      for (const headers of [
        { Cookie: cookieOf(mine), 'Sec-Fetch-Site': 'same-origin' },
        { Authorization: bearerOf(mine), ...CROSS_SITE },
      ]) {
        const fresh = await arrange();
        const credentials = 'Cookie' in headers ? cookieOf(fresh.mine) : bearerOf(fresh.mine);
        const allowed = await request(fresh.app)
          .get(route.replace(':id', fresh.other.session.sessionId))
          .set({ ...headers, ['Cookie' in headers ? 'Cookie' : 'Authorization']: credentials });
        expect(allowed.status).toBeLessThan(300);
      }
    },
  );

  it('signs in after a navigation from another site, and refuses its images and scripts', async () => {
    const { manager, app } = await arrange();
    const signIn = createSignIn(manager);
    app.get('/callback', (request_, response, next) => {
      signIn(request_, response, { userId: 'bob' }).then(() => response.sendStatus(200), next);
    });
    app.use(sessionErrors(manager));
    const from = (headers: Record<string, string>) => request(app).get('/callback').set(headers);
    expect((await from(CROSS_SITE)).status).toBe(200);
    expect((await from({})).status).toBe(200);
    expect((await from({ ...CROSS_SITE, 'Sec-Fetch-Mode': 'no-cors' })).body.code).toBe('cross-site');
    expect((await manager.list({ userId: 'bob' })).sessions).toHaveLength(2);
  });
});
