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
const seen = async () => (await manager.list({ userId: 'alice' }))[0]!;

function expectRefusal(response: Response, status: number, code: string): void {
  expect(response.body).toMatchObject({ status, code });
  // By now another tab may have signed in.
  expect(response.get('Set-Cookie')).toBeUndefined();
}

describe('autologin', () => {
  it('revives a session that hibernates, and issues the same cookie anew for its whole lifetime', async () => {
    const cookie = cookieOf(await opened());
    clock.advance(6 * DAY);
    const response = await attempt({ Cookie: cookie });
    expect(response.status).toBe(200);
    expect(response.body.session).toMatchObject({ current: true, expires: '2026-01-28T12:00:00.000Z' });
    expect(response.get('Cache-Control')).toBe('no-store');
    expect(response.get('Set-Cookie')).toEqual([
      `${cookie}; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax`,
    ]);
  });

  it('goes on with a session that is awake, whose cookie still ends with the browser', async () => {
    const cookie = cookieOf(await opened({ staySignedIn: false }));
    const response = await attempt({ Cookie: cookie });
    expect([response.status, response.get('Set-Cookie')]).toEqual([
      200,
      [`${cookie}; Path=/; HttpOnly; Secure; SameSite=Lax`],
    ]);
  });

  it('counts as a use of the session, from where it comes', async () => {
    const session = await opened({ ipAddress: '192.0.2.1' });
    clock.advance(3 * DAY);
    app.set('trust proxy', true);
    await attempt({ Cookie: cookieOf(session), 'X-Forwarded-For': '192.0.2.2' });
    expect(await seen()).toMatchObject({
      lastAccessed: clock.now(),
      ipAddresses: ['192.0.2.1', '192.0.2.2'],
    });
  });

  it('needs no origin of a client that sends a token, and gives it no cookie', async () => {
    const response = await attempt({
      Authorization: bearerOf(await opened()),
      'Sec-Fetch-Site': 'cross-site',
    });
    expect([response.status, response.get('Set-Cookie')]).toEqual([200, undefined]);
  });
});

describe('autologin is refused', () => {
  it('without credentials', async () => {
    expectRefusal(await attempt({}), 401, 'credentials-missing');
    expectRefusal(await attempt({ Cookie: 'other=1' }), 401, 'credentials-missing');
  });

  it('with credentials that belong to no session', async () => {
    const { session } = await opened();
    const wrong: Opened = { session, secret: 'A'.repeat(43) };
    expectRefusal(await attempt({ Cookie: cookieOf(wrong) }), 401, 'credentials-invalid');
    expectRefusal(await attempt({ Cookie: '__Host-identity=junk' }), 401, 'credentials-invalid');
  });

  it('to a session that has ended', async () => {
    const session = await opened();
    await manager.revoke({ owner: session.session });
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 401, 'session-ended');
  });

  it('to a session whose long lifetime is over', async () => {
    const session = await opened();
    clock.advance(7 * DAY);
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 401, 'session-expired');
  });

  it('to a session that does not stay signed in and was idle', async () => {
    const session = await opened({ staySignedIn: false });
    clock.advance(HOUR);
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 401, 'session-expired');
  });

  it('where it is switched off, and sessions end after the short lifetime', async () => {
    use({ autologin: false });
    const session = await opened();
    expectRefusal(await attempt({ Cookie: cookieOf(session) }), 403, 'autologin-disabled');
    expect(await seen()).toMatchObject({ lastAccessed: null });
    clock.advance(HOUR);
    expect(() => manager.verify({ ...session.session, secret: session.secret })).toThrow(
      expect.objectContaining({ code: 'session-expired' }),
    );
  });

  it('to what another site started, and the session sleeps on', async () => {
    const session = await opened();
    clock.advance(3 * DAY);
    const response = await attempt({ Cookie: cookieOf(session), 'Sec-Fetch-Site': 'cross-site' });
    expectRefusal(response, 403, 'cross-site');
    expect(await seen()).toMatchObject({ lastAccessed: null });
  });
});

describe('on a wire of its own, autologin', () => {
  it('reads what the client remembers, finds the secret when the session is known, and hands it out', async () => {
    const told: unknown[] = [];
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
        told.push([described.session.userId, secret, transport]);
        return { status: 202, headers: { 'X-Wire': 'own' }, cookies: [], body: 'welcome back' };
      },
    }));
    const { session, secret } = await opened();
    const response = await request(app)
      .post(`/?id=${session.sessionId}&secret_alice=${secret}`)
      .set('Sec-Fetch-Site', 'cross-site');
    expect([response.status, response.get('X-Wire'), response.text]).toEqual([202, 'own', 'welcome back']);
    expect(told).toEqual([['alice', secret, 'cookie']]);
    expect((await request(app).post(`/?id=${session.sessionId}`)).status).toBe(401);
  });
});
