import express, { type Express } from 'express';
import request, { type Response } from 'supertest';

import {
  currentSession,
  memory,
  rest,
  SessionError,
  sessionLookup,
  sessionSecretGuard,
  type DescribedSession,
  type IdentitySession,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type Opened,
  type SignIn,
} from '../../lib';
import type { DescribedPage } from '../../lib/protocols';
import type { AdministeredStore } from '../../lib/store';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { managerOn } from '../support/manager';
import { DAY, HOUR } from '../support/sessions';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;
let app: Express;

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  use({});
});

function use(options: IdentitySessionOptions): void {
  manager = managerOn({ store, clock, ...options });
  app = express();
  app.use(sessionSecretGuard(manager));
  app.get('/session', currentSession(manager));
  app.get('/sessions', sessionLookup(manager));
}

const opened = (said: Partial<SignIn> = {}) => manager.open({ userId: 'alice', ...said });
const idsOf = (sessions: readonly Opened[]) => sessions.map(({ session }) => session.sessionId);

function asking(path: string, caller: Opened): Promise<Response> {
  return request(app).get(path).set('Cookie', cookieOf(caller));
}

async function listFor(caller: Opened): Promise<Record<string, unknown>[]> {
  const response = await asking('/sessions', caller);
  expect(response.status).toBe(200);
  return response.body.sessions;
}

describe('currentSession', () => {
  it('returns the session of the request, including its last use by this request', async () => {
    const mine = await opened({
      clientId: 'mail',
      staySignedIn: true,
      userAgent: FIREFOX,
      ipAddress: '127.0.0.1',
    });
    clock.advance(60_000);
    const response = await asking('/session', mine);
    expect([response.status, response.get('Cache-Control')]).toEqual([200, 'no-store']);
    expect(response.body).toEqual({
      session: {
        id: mine.session.sessionId,
        current: true,
        ipAddress: '127.0.0.1',
        client: 'mail',
        userAgent: FIREFOX,
        location: 'Intranet',
        signedIn: '2026-01-15T12:00:00.000Z',
        authenticatedAt: '2026-01-15T12:00:00.000Z',
        lastAccessed: '2026-01-15T12:01:00.000Z',
        expires: '2026-01-22T12:01:00.000Z',
        device: {
          displayName: 'Firefox 140 on Linux',
          os: { name: 'linux', version: null },
          client: { name: 'firefox', version: '140' },
          type: 'browser',
        },
      },
    });
  });

  it('does not return the secret, data or extraProperties', async () => {
    const mine = await opened({ data: { draft: 'private' }, extraProperties: { role: 'private' } });
    for (const path of ['/session', '/sessions']) {
      const { text } = await asking(path, mine);
      expect(text).not.toContain(mine.secret);
      expect(text).not.toContain('private');
    }
  });

  it('returns the session of a client with a bearer token', async () => {
    const mine = await opened();
    const response = await request(app).get('/session').set('Authorization', bearerOf(mine));
    expect(response.body.session).toMatchObject({ id: mine.session.sessionId });
  });
});

describe('sessionLookup', () => {
  it("returns the caller's sessions, newest sign-in first, and marks the current one", async () => {
    const older = await opened();
    clock.advance(1000);
    const newer = await opened();
    await opened({ userId: 'bob' });
    await opened({ tenantId: 'acme' });
    expect(await listFor(older)).toEqual([
      expect.objectContaining({ id: newer.session.sessionId, current: false }),
      expect.objectContaining({ id: older.session.sessionId, current: true }),
    ]);
  });

  it("returns only sessions of the caller's tenant", async () => {
    await opened();
    const mine = await opened({ tenantId: 'acme' });
    await opened({ tenantId: 'other' });
    expect((await listFor(mine)).map(({ id }) => id)).toEqual(idsOf([mine]));
  });

  it('omits ended and expired sessions but returns hibernating ones', async () => {
    await manager.revoke({ owner: (await opened()).session });
    await opened({ staySignedIn: false });
    const asleep = await opened({ staySignedIn: true });
    clock.advance(HOUR);
    const mine = await opened();
    expect((await listFor(mine)).map(({ id }) => id)).toEqual(idsOf([mine, asleep]));
  });

  it('returns the last use and the expiry of each session', async () => {
    const [mine, other] = [await opened({ staySignedIn: true }), await opened()];
    clock.advance(30_000);
    await asking('/session', other);
    clock.advance(30_000);
    const times = (await listFor(mine)).map(({ current, lastAccessed, expires }) => [
      current,
      lastAccessed,
      expires,
    ]);
    expect(times.sort()).toEqual([
      [false, '2026-01-15T12:00:30.000Z', '2026-01-15T13:00:30.000Z'],
      [true, '2026-01-15T12:01:00.000Z', '2026-01-22T12:01:00.000Z'],
    ]);
  });

  it('returns the location of each session if it is known', async () => {
    use({
      location: (address) => (address === '81.2.69.142' ? { city: 'Berlin', country: 'DE' } : undefined),
    });
    await opened({ ipAddress: '81.2.69.142' });
    clock.advance(1000);
    const mine = await opened({ ipAddress: '192.0.2.1' });
    app.set('trust proxy', true);
    const response = await request(app)
      .get('/sessions')
      .set({ Cookie: cookieOf(mine), 'X-Forwarded-For': '192.0.2.1' });
    expect(response.body.sessions).toEqual([
      expect.not.objectContaining({ location: expect.anything() }),
      expect.objectContaining({ location: 'Berlin, Germany' }),
    ]);
  });

  it.each([
    ['de-AT, en;q=0.5', 'Firefox 140 auf Linux', 'Berlin, Deutschland'],
    ['fr', 'Firefox 140 sur Linux', 'Berlin, Allemagne'],
    ['pt, en;q=0.9', 'Firefox 140 no Linux', 'Berlim, Alemanha'],
    ['pt-PT, en;q=0.9', 'Firefox 140 no Linux', 'Berlim, Alemanha'],
    ['pt, pt-BR;q=0', 'Firefox 140 on Linux', 'Berlin, Germany'],
    ['ja', 'Firefox 140 on Linux', 'Berlin, Germany'],
  ])(
    'translates names and locations for Accept-Language %s, with translations of the app',
    async (languages, displayName, location) => {
      use({
        location: () => ({ city: 'Berlin', cityNames: { 'pt-BR': 'Berlim' }, country: 'DE' }),
        translations: {
          fr: { on: '{program} sur {system}' },
          'pt-BR': { on: '{program} no {system}' },
        },
      });
      const mine = await opened({ userAgent: FIREFOX, ipAddress: '81.2.69.142' });
      app.set('trust proxy', true);
      for (const path of ['/sessions', '/session']) {
        const { body } = await request(app)
          .get(path)
          .set({
            Cookie: cookieOf(mine),
            'X-Forwarded-For': '81.2.69.142',
            'Accept-Language': languages,
          });
        const [shown] = body.sessions ?? [body.session];
        expect(shown).toMatchObject({ location, device: { displayName } });
      }
    },
  );
});

describe('sessionLookup with a failing store', () => {
  it('returns 503 with Retry-After while the database is away', async () => {
    const mine = await opened();
    store.list = () => Promise.reject(new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 }));
    const response = await asking('/sessions', mine);
    expect([response.status, response.get('Retry-After')]).toEqual([503, '1']);
  });

  it('passes an unexpected error to the app', async () => {
    const mine = await opened();
    store.list = () => Promise.reject(new Error('a bug'));
    app.use((error: Error, _: unknown, response: express.Response, __: unknown) => {
      response.status(500).send(error.message);
    });
    const response = await asking('/sessions', mine);
    expect([response.status, response.text]).toEqual([500, 'a bug']);
  });
});

describe('sessionLookup and currentSession with a custom dialect', () => {
  it('answer in the form of the dialect', async () => {
    const say = (status: number, body: object) => ({ status, headers: {}, cookies: [], body });
    const dialect = {
      ...rest(manager.settings),
      session: ({ session }: DescribedSession) => say(201, { mine: session.userId }),
      sessions: ({ sessions }: DescribedPage, { userId }: IdentitySession) =>
        say(202, { of: userId, ends: sessions.map(({ expires }) => expires - clock.now()) }),
    };
    app.get('/own/session', currentSession(manager, { dialect }));
    app.get('/own/sessions', sessionLookup(manager, { dialect }));
    const mine = await opened({ staySignedIn: true });
    const [one, all] = [await asking('/own/session', mine), await asking('/own/sessions', mine)];
    expect([one.status, one.body]).toEqual([201, { mine: 'alice' }]);
    expect([all.status, all.body]).toEqual([202, { of: 'alice', ends: [7 * DAY] }]);
  });
});
