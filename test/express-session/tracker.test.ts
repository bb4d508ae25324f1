import type { Request } from 'express';
import { MemoryStore } from 'express-session';
import request from 'supertest';

import { memory, signInLimiter } from '../../lib';
import { hostOn, signedIn, signedInCookie } from '../support/express-session';
import { managerOn } from '../support/manager';

const ALICE = { userId: 'alice' };

describe('Tracker', () => {
  it('passes the facts of userOf and of the request to the session, which lasts for the long lifetime', async () => {
    const manager = managerOn({ store: memory() });
    const userOf = ({ session: { userId } }: Request) =>
      userId === undefined ? null : { userId, tenantId: 'acme', clientId: 'web' };
    const alice = await signedIn(hostOn(manager, { userOf }));
    await alice.get('/').set('User-Agent', 'other');
    const { sessions } = await manager.list({ userId: 'alice', tenantId: 'acme' });
    expect(sessions).toMatchObject([{ clientId: 'web', staySignedIn: true, ipAddresses: ['127.0.0.1'] }]);
  });

  it('does not know when the user was authenticated, unless userOf says so', async () => {
    const manager = managerOn({ store: memory() });
    const authenticatedAt = new Date(Date.UTC(2026, 0, 1));
    const userOf = ({ session: { userId } }: Request) =>
      userId === undefined ? null : { userId, ...(userId === 'bob' && { authenticatedAt, amr: ['pwd'] }) };
    const app = hostOn(manager, { userOf });
    for (const user of ['alice', 'bob']) await (await signedIn(app, user)).get('/');
    const of = async (userId: string) => (await manager.list({ userId })).sessions;
    expect(await of('alice')).toMatchObject([{ authenticatedAt: null, amr: [] }]);
    expect(await of('bob')).toMatchObject([{ authenticatedAt: authenticatedAt.getTime(), amr: ['pwd'] }]);
  });

  it('ends the session when the user was signed out before the request reached the tracker', async () => {
    const manager = managerOn({ store: memory() });
    const store = new MemoryStore();
    const app = hostOn(manager, { store });
    const cookie = await signedInCookie(app);
    await request(hostOn(manager, { store, tracked: false }))
      .post('/sign-out-here')
      .set('Cookie', cookie);
    expect((await request(app).get('/').set('Cookie', cookie)).body).toMatchObject({ userId: null });
    expect((await manager.list(ALICE)).sessions).toEqual([]);
    await request(app).post('/sign-in-here').set('Cookie', cookie);
    expect((await request(app).get('/').set('Cookie', cookie)).body).toMatchObject(ALICE);
  });

  it('counts a sign-in as successful for the limiter, so that only failures are limited', async () => {
    const manager = managerOn({ store: memory() });
    const limiter = signInLimiter(manager, { limit: 1 });
    const app = hostOn(manager, {
      before: [
        (req, response, next) => void (req.path === '/sign-in' ? limiter(req, response, next) : next()),
      ],
    });
    for (let each = 0; each < 3; each++) await signedIn(app);
    expect((await manager.list(ALICE)).sessions).toHaveLength(3);
  });
});
