import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import { memory, rest, SessionError, signOut, type IdentitySessionManager, type Opened } from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { HOUR } from '../support/sessions';

const FORGOTTEN = ['__Host-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'];

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

describe('signing out', () => {
  it('ends the session, says who did it, and has the browser forget its cookie', async () => {
    const [mine, other] = [await opened(), await opened()];
    clock.advance(1000);
    const response = await signingOut({ Cookie: cookieOf(mine) });
    expect([response.status, response.text, response.get('Cache-Control')]).toEqual([204, '', 'no-store']);
    expect(response.get('Set-Cookie')).toEqual(FORGOTTEN);
    expect(await kept(mine)).toMatchObject({
      endedAt: clock.now(),
      endReason: 'signed-out',
      endedBy: 'alice',
    });
    expect(await kept(other)).toMatchObject({ endedAt: null });
  });

  it('is the same for who is out already, and leaves alone why', async () => {
    const mine = await opened();
    await manager.revoke({ owner: mine.session });
    const response = await signingOut({ Cookie: cookieOf(mine) });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, FORGOTTEN]);
    expect(await kept(mine)).toMatchObject({ endReason: 'revoked' });
  });

  it('is the same for who was idle for too long, and ends the session all the same', async () => {
    const mine = await opened();
    clock.advance(HOUR);
    expect((await signingOut({ Cookie: cookieOf(mine) })).status).toBe(204);
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out' });
  });

  it.each(['__Host-identity=junk', '__Host-identity=', 'other=1', ''])(
    'is the same for who never was in, with the cookie %j',
    async (cookie) => {
      const response = await signingOut({ Cookie: cookie });
      expect([response.status, response.get('Set-Cookie')]).toEqual([204, FORGOTTEN]);
    },
  );

  it('ends no session whose id somebody knows, and not its secret', async () => {
    const { session } = await opened();
    const response = await signingOut({ Cookie: cookieOf({ session, secret: 'A'.repeat(43) }) });
    expect(response.status).toBe(204);
    expect(await kept({ session, secret: '' })).toMatchObject({ endedAt: null });
  });

  it('with a token touches no cookie and needs no origin', async () => {
    const mine = await opened();
    const response = await signingOut({ Authorization: bearerOf(mine), 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out' });
  });
});

describe('signing out is refused', () => {
  it('to what another site started', async () => {
    const mine = await opened();
    const response = await signingOut({ Cookie: cookieOf(mine), 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, response.body.code]).toEqual([403, 'cross-site']);
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect(await kept(mine)).toMatchObject({ endedAt: null });
  });

  it('with two cookies, because it is not clear who signs out', async () => {
    const mine = await opened();
    const response = await signingOut({ Cookie: `${cookieOf(mine)}; __Host-identity=evil` });
    expect([response.status, response.body.code]).toEqual([400, 'credentials-ambiguous']);
    expect(await kept(mine)).toMatchObject({ endedAt: null });
  });

  it('while the database is away: the browser keeps the cookie of a session that lives', async () => {
    const mine = await opened();
    store.end = () => Promise.reject(new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 }));
    const response = await signingOut({ Cookie: cookieOf(mine) });
    expect([response.status, response.get('Retry-After')]).toEqual([503, '1']);
    expect(response.get('Set-Cookie')).toBeUndefined();
  });
});

describe('on a wire of its own, signing out', () => {
  it('answers as the wire does, and asks for an origin only where the wire does', async () => {
    const dialect = {
      ...rest(manager.settings),
      sameOrigin: false,
      revoked: (forget: boolean) => ({ status: 200, headers: {}, cookies: [], body: { forget } }),
    };
    app.post('/own', signOut(manager, { dialect }));
    const mine = await opened();
    const response = await request(app)
      .post('/own')
      .set({ Cookie: cookieOf(mine), 'Sec-Fetch-Site': 'cross-site' });
    expect([response.status, response.body]).toEqual([200, { forget: true }]);
    expect(response.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(await kept(mine)).toMatchObject({ endReason: 'signed-out' });
  });
});
