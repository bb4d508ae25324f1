import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  memory,
  rest,
  revokeRoute,
  sessionSecretGuard,
  sessionsOf,
  type IdentitySessionManager,
  type Opened,
  type SignIn,
} from '../../lib';
import type { AdministeredStore } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';

const CLEARED = ['__Host-Http-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'];

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;
let app: Express;
let mine: Opened;
let other: Opened;

beforeEach(async () => {
  clock = new FakeClock();
  store = memory();
  manager = managerOn({ store, clock });
  app = express();
  const guard = sessionSecretGuard(manager);
  app.delete('/others', guard, revokeRoute(manager, { which: 'others' }));
  app.delete('/all', guard, revokeRoute(manager, { which: 'all' }));
  app.delete('/:id', guard, revokeRoute(manager));
  [mine, other] = [await opened(), await opened()];
});

const opened = (said: Partial<SignIn> = {}) => manager.open({ userId: 'alice', ...said });
const kept = async ({ session }: Opened) => (await store.find(session.sessionId))!;
const idOf = ({ session }: Opened) => session.sessionId;

function revoking(
  path: string,
  headers: Record<string, string> = { Cookie: cookieOf(mine) },
): Promise<Response> {
  return request(app).delete(path).set(headers);
}

async function expectAlive(...sessions: Opened[]): Promise<void> {
  for (const session of sessions) expect(await kept(session)).toMatchObject({ endedAt: null });
}

describe('revokeRoute with an id', () => {
  it('returns 204, ends the session of that id, and stores time, reason and actor', async () => {
    clock.advance(1000);
    const response = await revoking(`/${idOf(other)}`);
    expect([response.status, response.text, response.get('Cache-Control')]).toEqual([204, '', 'no-store']);
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect(await kept(other)).toMatchObject({
      endedAt: clock.now(),
      endReason: 'revoked',
      endedBy: 'alice',
    });
    await expectAlive(mine);
  });

  it('returns 204 for a session that has already ended and keeps its first reason', async () => {
    await manager.revoke(sessionsOf(other.session, [idOf(other)]), { reason: 'administrator' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => revoking(`/${idOf(other)}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(204));
    expect(await kept(other)).toMatchObject({ endReason: 'administrator' });
  });

  it('returns the same 404 for the session of another user and for an unknown id', async () => {
    const foreign = [await opened({ userId: 'bob' }), await opened({ tenantId: 'acme' })];
    const ids = [...foreign.map(idOf), '0'.repeat(32), 'junk', '%00', '..%2f', idOf(other).toUpperCase()];
    const answers = await Promise.all(ids.map((id) => revoking(`/${id}`)));
    expect(answers[0]!.body).toMatchObject({ status: 404, code: 'session-not-found' });
    for (const { status, text } of answers) expect([status, text]).toEqual([404, answers[0]!.text]);
    await expectAlive(mine, other, ...foreign);
  });

  it('ends the current session and clears its cookie', async () => {
    const response = await revoking(`/${idOf(mine)}`);
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, CLEARED]);
    expect(await kept(mine)).toMatchObject({ endReason: 'revoked' });
    await expectAlive(other);
  });
});

describe('revokeRoute with the option which', () => {
  it('ends all other sessions of the caller with others and no session of other users', async () => {
    const third = await opened({ device: 'Mobile' });
    const foreign = [await opened({ userId: 'bob' }), await opened({ tenantId: 'acme' })];
    const response = await revoking('/others');
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    for (const session of [other, third]) expect(await kept(session)).toMatchObject({ endReason: 'revoked' });
    await expectAlive(mine, ...foreign);
  });

  it('ends the current session too with all and clears its cookie', async () => {
    const response = await revoking('/all');
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, CLEARED]);
    for (const session of [mine, other]) expect(await kept(session)).toMatchObject({ endReason: 'revoked' });
  });

  it('throws a TypeError for an unknown value', () => {
    expect(() => revokeRoute(manager, { which: 'other' as never })).toThrow('`which` is "other"');
  });
});

describe('revokeRoute with a bearer token', () => {
  it('clears no cookie after it ended the current session', async () => {
    const response = await revoking('/all', { Authorization: bearerOf(mine) });
    expect([response.status, response.get('Set-Cookie')]).toEqual([204, undefined]);
    expect(await kept(mine)).toMatchObject({ endReason: 'revoked' });
  });
});

describe('revokeRoute with a failing store', () => {
  it('passes an unexpected error to the app and does not clear the cookie', async () => {
    store.end = () => Promise.reject(new Error('a bug'));
    app.use((error: Error, _: unknown, response: express.Response, __: unknown) => {
      response.status(500).send(error.message);
    });
    const response = await revoking('/all');
    expect([response.status, response.text, response.get('Set-Cookie')]).toEqual([500, 'a bug', undefined]);
  });
});

describe('revokeRoute with a custom dialect', () => {
  it("ends the sessions that the dialect selects and tells it if the caller's session is one of them", async () => {
    const dialect = {
      ...rest(manager.settings),
      revocation: (_: unknown, { userId, tenantId }: { userId: string; tenantId: string | null }) => ({
        owner: { userId, tenantId },
        device: 'Mobile',
      }),
      revoked: (clearCookies: boolean) => ({ status: 200, headers: {}, cookies: [], body: { clearCookies } }),
    };
    app.post('/own', sessionSecretGuard(manager), revokeRoute(manager, { dialect }));
    const phone = await opened({ device: 'Mobile' });
    const own = (caller: Opened) => request(app).post('/own').set('Cookie', cookieOf(caller));
    expect((await own(mine)).body).toEqual({ clearCookies: false });
    expect(await kept(phone)).toMatchObject({ endReason: 'revoked' });
    await expectAlive(mine, other);
    expect((await own(await opened({ device: 'Mobile' }))).body).toEqual({ clearCookies: true });
  });
});
