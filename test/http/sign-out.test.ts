import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import { memory, rest, SessionError, signOut, type IdentitySessionManager, type Opened } from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { satisfies } from '../support/compliance';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { HOUR } from '../support/sessions';

const CLEARED = ['__Host-Http-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'];

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  manager = managerOn({ store, clock });
  app = express();
  app.delete('/', signOut(manager));
});

const opened = () => manager.open({ userId: 'alice' });
const signingOut = (headers: Record<string, string>): Promise<Response> =>
  request(app).delete('/').set(headers);
const kept = async ({ session }: Opened) => (await store.find(session.sessionId))!;

describe('signOut', () => {
  it(
    satisfies(
      'returns 204, ends the session, stores reason and actor, and clears the cookie',
      'ASVS 7.4.1',
      'NIST 5.1 end',
      'NIST 5.1 erasure',
      'NIST 5.1 sign-out',
    ),
    async () => {
      const [mine, other] = [await opened(), await opened()];
      clock.advance(1000);
      const response = await signingOut({ Cookie: cookieOf(mine) });
      expect([response.status, response.text, response.get('Cache-Control')]).toEqual([204, '', 'no-store']);
      expect(response.get('Set-Cookie')).toEqual(CLEARED);
      expect(await kept(mine)).toMatchObject({
        endedAt: clock.now(),
        endReason: 'signed-out',
        endedBy: 'alice',
      });
      expect(await kept(other)).toMatchObject({ endedAt: null });
    },
  );

  it('stores the actor of an impersonation as the one who signed out', async () => {
    const mine = await manager.open({ userId: 'alice', actor: 'support' });
    await signingOut({ Cookie: cookieOf(mine) });
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out', endedBy: 'support' });
  });

  it('clears the cookie of an ended session and keeps its first reason', async () => {
    const mine = await opened();
    await manager.revoke({ owner: mine.session });
    const response = await signingOut({ Cookie: cookieOf(mine) });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, CLEARED]);
    expect(await kept(mine)).toMatchObject({ endReason: 'revoked' });
  });

  it('ends an expired session with the reason signed-out', async () => {
    const mine = await opened();
    clock.advance(HOUR);
    expect((await signingOut({ Cookie: cookieOf(mine) })).status).toBe(204);
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out' });
  });

  it.each(['__Host-Http-identity=junk', '__Host-Http-identity=', 'other=1', ''])(
    'returns 204 and clears the cookie without a valid session, with the cookie %j',
    async (cookie) => {
      const response = await signingOut({ Cookie: cookie });
      expect([response.status, response.get('Set-Cookie')]).toEqual([204, CLEARED]);
    },
  );

  it('does not end a session if the secret is wrong', async () => {
    const { session } = await opened();
    const response = await signingOut({ Cookie: cookieOf({ session, secret: 'A'.repeat(43) }) });
    expect(response.status).toBe(204);
    expect(await kept({ session, secret: '' })).toMatchObject({ endedAt: null });
  });

  it('accepts a cross-site request with a bearer token and clears no cookie', async () => {
    const mine = await opened();
    const response = await signingOut({ Authorization: bearerOf(mine), 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out' });
  });
});

describe('signOut refusals', () => {
  it(
    satisfies('returns 403 with code cross-site if another site sent the request', 'ASVS 3.5.3'),
    async () => {
      const mine = await opened();
      const response = await signingOut({ Cookie: cookieOf(mine), 'Sec-Fetch-Site': 'cross-site' });
      expect([response.status, response.body.code]).toEqual([403, 'cross-site']);
      expect(response.get('Set-Cookie')).toBeUndefined();
      expect(await kept(mine)).toMatchObject({ endedAt: null });
    },
  );

  it('returns 400 with code credentials-ambiguous for two session cookies', async () => {
    const mine = await opened();
    const response = await signingOut({ Cookie: `${cookieOf(mine)}; __Host-Http-identity=evil` });
    expect([response.status, response.body.code]).toEqual([400, 'credentials-ambiguous']);
    expect(await kept(mine)).toMatchObject({ endedAt: null });
  });

  it('returns 503 with Retry-After and keeps the cookie while the database is away', async () => {
    const mine = await opened();
    store.end = () => Promise.reject(new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 }));
    const response = await signingOut({ Cookie: cookieOf(mine) });
    expect([response.status, response.get('Retry-After')]).toEqual([503, '1']);
    expect(response.get('Set-Cookie')).toBeUndefined();
  });
});

describe('signOut with a custom dialect', () => {
  it('answers in the form of the dialect and checks the origin only if the dialect requires it', async () => {
    const dialect = {
      ...rest(manager.settings),
      sameOrigin: false,
      revoked: (clearCookies: boolean) => ({ status: 200, headers: {}, cookies: [], body: { clearCookies } }),
    };
    app.post('/own', signOut(manager, { dialect }));
    const mine = await opened();
    const response = await request(app)
      .post('/own')
      .set({ Cookie: cookieOf(mine), 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, response.body]).toEqual([200, { clearCookies: true }]);
    expect(response.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out' });
  });
});
