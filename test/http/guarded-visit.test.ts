import express, { type Express, type RequestHandler } from 'express';
import request, { type Response } from 'supertest';

import {
  autologin,
  memory,
  rest,
  sessionSecretGuard,
  signOut,
  type GuardOptions,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';
import { rotates } from '../../lib/http/guarded-visit';
import { openXchange } from '../../lib/protocols/open-xchange';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { DAY } from '../support/sessions';

const GRACE = 60_000;
let clock: FakeClock;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => use({}));

function use(options: IdentitySessionOptions, guard: GuardOptions = {}): void {
  clock = new FakeClock();
  manager = managerOn({ store: memory(), clock, shortLifetime: '9D', longLifetime: '9D', ...options });
  app = express();
  app.post('/autologin', autologin(manager));
  app.use(sessionSecretGuard(manager, guard));
  app.get('/', (_request, response) => void response.send('welcome'));
}

const route = (path: string, handler: RequestHandler) => app.get(path, handler);

/** Opens a session whose secret is due, and returns its cookie. */
async function due(): Promise<string> {
  const cookie = cookieOf(await manager.open({ userId: 'alice', staySignedIn: true }));
  clock.advance(DAY);
  return cookie;
}

const get = (cookie: string, path = '/'): Promise<Response> => request(app).get(path).set('Cookie', cookie);
const cookiesOf = (response: Response) => response.get('Set-Cookie') ?? [];
const valueOf = (setCookie: string | undefined) => setCookie?.split(';')[0] ?? '';

const NEW_COOKIE =
  /^__Host-Http-identity=[0-9a-f]{32}\.[\w-]{43}; Path=\/; Max-Age=777600; HttpOnly; Secure; SameSite=Lax$/;

describe('a response of a guarded route', () => {
  it('carries the new cookie, is kept from shared caches, and lets the client continue with it', async () => {
    const cookie = await due();
    const response = await get(cookie);
    expect([response.status, response.text, response.get('Cache-Control')]).toEqual([
      200,
      'welcome',
      'private',
    ]);
    expect(cookiesOf(response)).toEqual([expect.stringMatching(NEW_COOKIE)]);
    const renewed = valueOf(cookiesOf(response)[0]);
    expect(renewed).not.toBe(cookie);
    const next = await get(renewed);
    expect([next.status, cookiesOf(next)]).toEqual([200, []]);
    expect(valueOf(cookiesOf(await get(cookie))[0])).toBe(renewed);
    clock.advance(GRACE);
    await get(renewed);
    const reused = await get(cookie);
    expect([reused.status, reused.body.code, reused.body.reason]).toEqual([
      401,
      'session-ended',
      'secret-reused',
    ]);
    expect((await get(renewed)).status).toBe(401);
  });

  it('carries no cookie before the secret is due', async () => {
    const cookie = cookieOf(await manager.open({ userId: 'alice' }));
    clock.advance(DAY - 1);
    const response = await get(cookie);
    expect([response.status, cookiesOf(response), response.get('Cache-Control')]).toEqual([
      200,
      [],
      undefined,
    ]);
  });

  it('carries the cookie before those of the route, also with headers of writeHead', async () => {
    route('/own', (_request, response) => {
      response.cookie('own', '1');
      response.writeHead(201, { 'Set-Cookie': 'other=2', 'Cache-Control': 'max-age=5' }).end();
    });
    const response = await get(await due(), '/own');
    const [first, ...others] = cookiesOf(response);
    expect(first).toMatch(NEW_COOKIE);
    expect(others).toEqual(['other=2']);
    expect(response.get('Cache-Control')).toBe('max-age=5, private');
  });

  it(
    satisfies(
      'leaves the cookie out if the app marks the response as public, and the next response carries it',
      'NIST 5.1 intermediaries',
    ),
    async () => {
      route(
        '/public',
        (_request, response) => void response.set('Cache-Control', 'public, max-age=60').send('all'),
      );
      const cookie = await due();
      const shared = await get(cookie, '/public');
      expect([shared.status, cookiesOf(shared), shared.get('Cache-Control')]).toEqual([
        200,
        [],
        'public, max-age=60',
      ]);
      expect(cookiesOf(await get(cookie))).toEqual([expect.stringMatching(NEW_COOKIE)]);
    },
  );

  it('leaves the cookie out if shared caches may store the response by a header of their own', async () => {
    route('/cdn', (_request, response) => void response.set('CDN-Cache-Control', 'max-age=60').send('all'));
    const cookie = await due();
    expect(cookiesOf(await get(cookie, '/cdn'))).toEqual([]);
    expect(cookiesOf(await get(cookie))).toEqual([expect.stringMatching(NEW_COOKIE)]);
  });

  it('leaves the cookie out if it comes late, so that a browser has time to write it to disk', async () => {
    route('/slow', (_request, response) => {
      clock.advance(GRACE);
      response.send('slow');
    });
    const cookie = await due();
    const slow = await get(cookie, '/slow');
    expect([slow.text, cookiesOf(slow)]).toEqual(['slow', []]);
    const renewed = valueOf(cookiesOf(await get(cookie))[0]);
    clock.advance(1000);
    await get(renewed);
    // The browser crashed before it wrote the cookie.
    const crashed = await get(cookie);
    expect([crashed.status, valueOf(cookiesOf(crashed)[0])]).toEqual([200, renewed]);
  });

  it('leaves the browser signed out if the route signs the user out', async () => {
    route('/sign-out', signOut(manager));
    const response = await get(await due(), '/sign-out');
    expect(valueOf(cookiesOf(response).at(-1))).toBe('__Host-Http-identity=');
  });

  it('carries one cookie if two guards are mounted, and if autologin is behind a guard', async () => {
    app.use('/twice', sessionSecretGuard(manager));
    route('/twice', (_request, response) => void response.send());
    expect(cookiesOf(await get(await due(), '/twice'))).toEqual([expect.stringMatching(NEW_COOKIE)]);
    app.post('/session', autologin(manager));
    const revived = await request(app)
      .post('/session')
      .set('Cookie', await due());
    expect(cookiesOf(revived)).toEqual([expect.stringMatching(NEW_COOKIE)]);
  });

  it('carries the cookie also if the route fails', async () => {
    route('/fails', () => {
      throw Object.assign(new Error('teapot'), { status: 418 });
    });
    const response = await get(await due(), '/fails');
    expect([response.status, cookiesOf(response)]).toEqual([418, [expect.stringMatching(NEW_COOKIE)]]);
  });

  it('carries the cookie for a guest page behind an optional guard', async () => {
    use({}, { optional: true });
    expect(cookiesOf(await get(await due()))).toEqual([expect.stringMatching(NEW_COOKIE)]);
  });
});

describe('a secret stays the same', () => {
  it('for requests that are no use of the session', async () => {
    use({}, { activity: false });
    const cookie = await due();
    expect(cookiesOf(await get(cookie))).toEqual([]);
    expect(cookiesOf(await get(cookie))).toEqual([]);
  });

  it('if the response has already started', async () => {
    app = express();
    app.use((_request, response, next) => {
      response.write('early ');
      next();
    });
    app.get('/', sessionSecretGuard(manager), (_request, response) => void response.end('late'));
    const cookie = await due();
    const response = await get(cookie);
    expect([response.text, cookiesOf(response)]).toEqual(['early late', []]);
    expect((await get(cookie)).status).toBe(200);
  });

  it('for bearer tokens, unless `rotateBearerTokens` is set', async () => {
    const withToken = (token: string) => request(app).get('/').set('Authorization', token);
    for (const rotateBearerTokens of [false, true]) {
      use({ rotateBearerTokens });
      const token = bearerOf(
        await manager.open({ userId: 'alice', staySignedIn: true, transport: 'bearer' }),
      );
      clock.advance(DAY);
      const response = await withToken(token);
      expect([response.status, cookiesOf(response)]).toEqual([200, []]);
      const renewed = response.get('Identity-Session-Token');
      expect(renewed === undefined).toBe(!rotateBearerTokens);
      if (renewed === undefined) continue;
      expect(response.get('Cache-Control')).toBe('private');
      expect((await withToken(`Bearer ${renewed}`)).status).toBe(200);
    }
  });
});

describe('rotates', () => {
  it('is true only for transports that the dialect names and can carry', () => {
    const dialect = rest(manager.settings);
    expect(rotates(dialect, 'cookie')).toBe(true);
    expect(rotates(dialect, 'bearer')).toBe(false);
    expect(rotates({ ...dialect, rotates: [] }, 'cookie')).toBe(false);
    expect(rotates(openXchange(manager.settings), 'cookie')).toBe(false);
  });
});
