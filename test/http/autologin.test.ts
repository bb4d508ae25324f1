import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  autologin,
  memory,
  rest,
  type Dialect,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type Opened,
  type SignIn,
} from '../../lib';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { DAY, HOUR } from '../support/sessions';

let clock: FakeClock;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  clock = new FakeClock();
  use({});
});

function use(options: IdentitySessionOptions, own?: (manager: IdentitySessionManager) => Dialect): void {
  manager = managerOn({ store: memory(), clock, ...options });
  app = express();
  app.post('/', autologin(manager, { dialect: own?.(manager) ?? rest(manager.settings) }));
}

const opened = (said: Partial<SignIn> = {}) => manager.open({ userId: 'alice', staySignedIn: true, ...said });
const attempt = (headers: Record<string, string>): Promise<Response> => request(app).post('/').set(headers);
const seen = async () => (await manager.list({ userId: 'alice' })).sessions[0]!;

function expectRefusal(response: Response, status: number, code: string): void {
  expect(response.body).toMatchObject({ status, code });
  // A sign-in in another tab may have set a new cookie by now.
  expect(response.get('Set-Cookie')).toBeUndefined();
}

describe('autologin', () => {
  it('wakes a hibernating session and issues a new cookie for its full lifetime', async () => {
    const session = await opened();
    const cookie = cookieOf(session);
    clock.advance(6 * DAY);
    const response = await attempt({ Cookie: cookie });
    expect(response.status).toBe(200);
    expect(response.body.session).toMatchObject({ current: true, expires: '2026-01-28T12:00:00.000Z' });
    expect(response.get('Cache-Control')).toBe('no-store');
    const [set, ...others] = response.get('Set-Cookie')!;
    expect(others).toEqual([]);
    const [renewed, ...attributes] = set!.split('; ');
    expect(renewed).toMatch(new RegExp(`^__Host-Http-identity=${session.session.sessionId}\\.[\\w-]{43}$`));
    expect(renewed).not.toBe(cookie);
    expect(attributes).toEqual(['Path=/', 'Max-Age=604800', 'HttpOnly', 'Secure', 'SameSite=Lax']);
    expect((await attempt({ Cookie: renewed! })).status).toBe(200);
  });

  it('issues the same cookie again while its client could still lose it, and with `rotateAfter: false`', async () => {
    const first = await attempt({ Cookie: cookieOf(await opened()) });
    const cookie = first.get('Set-Cookie')![0]!.split(';')[0]!;
    expect((await attempt({ Cookie: cookie })).get('Set-Cookie')![0]).toContain(`${cookie};`);

    use({ rotateAfter: false });
    const kept = cookieOf(await opened());
    expect((await attempt({ Cookie: kept })).get('Set-Cookie')![0]).toContain(`${kept};`);
  });

  it('gives the same new cookie to parallel requests', async () => {
    const cookie = cookieOf(await opened());
    const responses = await Promise.all(Array.from({ length: 6 }, () => attempt({ Cookie: cookie })));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(responses.map((response) => response.get('Set-Cookie')![0])).size).toBe(1);
  });

  it('issues a cookie without Max-Age for a session that does not stay signed in', async () => {
    const response = await attempt({ Cookie: cookieOf(await opened({ staySignedIn: false })) });
    expect([response.status, response.get('Set-Cookie')]).toEqual([
      200,
      [
        expect.stringMatching(
          /^__Host-Http-identity=[0-9a-f]{32}\.[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ],
    ]);
  });

  it('records the time and the IP address of the request', async () => {
    const session = await opened({ ipAddress: '192.0.2.1' });
    clock.advance(3 * DAY);
    app.set('trust proxy', true);
    await attempt({ Cookie: cookieOf(session), 'X-Forwarded-For': '192.0.2.2' });
    expect(await seen()).toMatchObject({
      lastAccessed: clock.now(),
      ipAddresses: ['192.0.2.1', '192.0.2.2'],
    });
  });

  it('accepts a cross-site request with a bearer token and sets no cookie', async () => {
    const response = await attempt({
      Authorization: bearerOf(await opened()),
      'Sec-Fetch-Site': 'cross-site',
    });
    expect([response.status, response.get('Set-Cookie')]).toEqual([200, undefined]);
    expect(response.get('Identity-Session-Token')).toBeUndefined();
  });

  it('returns a new bearer token in a header with `rotateBearerTokens`', async () => {
    use({ rotateBearerTokens: true });
    const response = await attempt({ Authorization: bearerOf(await opened()) });
    const token = response.get('Identity-Session-Token')!;
    expect(token).toMatch(/^eis_[0-9a-f]{32}\.[\w-]{43}$/);
    expect([response.status, response.get('Set-Cookie')]).toEqual([200, undefined]);
    expect((await attempt({ Authorization: `Bearer ${token}` })).status).toBe(200);
  });
});

describe('autologin refusals', () => {
  it(satisfies('returns 401 with code credentials-missing without credentials', 'ASVS 7.6.2'), async () => {
    expectRefusal(await attempt({}), 401, 'credentials-missing');
    expectRefusal(await attempt({ Cookie: 'other=1' }), 401, 'credentials-missing');
  });

  it('returns 401 with code credentials-invalid for a wrong secret and for junk', async () => {
    const { session } = await opened();
    const wrong: Opened = { session, secret: 'A'.repeat(43) };
    expectRefusal(await attempt({ Cookie: cookieOf(wrong) }), 401, 'credentials-invalid');
    expectRefusal(await attempt({ Cookie: '__Host-Http-identity=junk' }), 401, 'credentials-invalid');
  });

  it('returns 401 with code session-ended after the session was revoked', async () => {
    const session = await opened();
    await manager.revoke({ owner: session.session });
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 401, 'session-ended');
  });

  it('returns 401 with code session-expired after the long lifetime', async () => {
    const session = await opened();
    clock.advance(7 * DAY);
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 401, 'session-expired');
  });

  it('returns 401 with code session-expired for an idle session that does not stay signed in', async () => {
    const session = await opened({ staySignedIn: false });
    clock.advance(HOUR);
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 401, 'session-expired');
  });

  it('returns 403 with code autologin-disabled if the option autologin is false', async () => {
    use({ autologin: false });
    const session = await opened();
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 403, 'autologin-disabled');
    expect(await seen()).toMatchObject({ lastAccessed: null });
    clock.advance(HOUR);
    expect(() => manager.verify({ ...session.session, secret: session.secret })).toThrow(
      expect.objectContaining({ code: 'session-expired' }),
    );
  });

  it('returns 403 with code cross-site for another site and does not wake the session', async () => {
    const session = await opened();
    clock.advance(3 * DAY);
    const response = await attempt({ Cookie: cookieOf(session), 'Sec-Fetch-Site': 'cross-site' });
    expectRefusal(response, 403, 'cross-site');
    expect(await seen()).toMatchObject({ lastAccessed: null });
  });
});

describe('autologin with a custom dialect', () => {
  it('reads the remembered credentials, finds the secret by the session, and passes it to opened', async () => {
    const received: unknown[] = [];
    use({}, ({ settings }) => ({
      ...rest(settings),
      sameOrigin: false,
      credentials: () => undefined,
      remembered: ({ query }) => ({
        sessionId: query['id'] as string,
        secret: ({ userId }) => (query[`secret_${userId}`] ?? '') as string,
        transport: 'cookie',
      }),
      opened: ({ secret, transport, described }) => {
        received.push([described.session.userId, secret, transport]);
        return { status: 202, headers: { 'X-Dialect': 'own' }, cookies: [], body: 'welcome back' };
      },
    }));
    const { session, secret } = await opened();
    const response = await request(app)
      .post(`/?id=${session.sessionId}&secret_alice=${secret}`)
      .set('Sec-Fetch-Site', 'cross-site');
    expect([response.status, response.get('X-Dialect'), response.text]).toEqual([202, 'own', 'welcome back']);
    expect(received).toEqual([['alice', expect.stringMatching(/^[\w-]{43}$/), 'cookie']]);
    expect((await request(app).post(`/?id=${session.sessionId}`)).status).toBe(401);
  });
});
