import express, { type Express } from 'express';
import request from 'supertest';

import { SessionError, type IdentitySessionManager, type SessionEvent } from '../../../lib';
import { closeSessionsRouter, type CloseSessionsRouterOptions } from '../../../lib/protocols/open-xchange';
import { FakeClock } from '../../support/clock';
import { createDatabase, type TestDatabase } from '../../support/database';
import { managerOn } from '../../support/manager';

let database: TestDatabase;
let manager: IdentitySessionManager;
let events: SessionEvent[];
beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  events = [];
  manager = managerOn({
    knex: database.knex,
    clock: new FakeClock(),
    report: (event) => events.push(event),
  });
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

const BASE = '/admin/v1/close-sessions';

function app(options: Partial<CloseSessionsRouterOptions> = {}): Express {
  const site = express();
  const isGranted = (asked: express.Request) => asked.headers.authorization === 'Bearer admin';
  site.use(BASE, closeSessionsRouter(manager, { isGranted, ...options }));
  return site;
}

function close(site: Express, path: string, body: string | object) {
  return request(site).post(`${BASE}/${path}`).set('Authorization', 'Bearer admin').send(body);
}

async function opened(userId: string, tenantId: string | null): Promise<string> {
  const { session } = await manager.open({ userId, tenantId });
  return session.sessionId;
}

async function live(): Promise<string[]> {
  const { sessions } = await manager.administration.search();
  return sessions.map(({ sessionId }) => sessionId).sort();
}

describe('closing sessions', () => {
  it('by id ends these sessions of any user and names those that ended', async () => {
    const [one, two, three] = [await opened('3', '1'), await opened('4', '1'), await opened('5', null)];
    const unknown = '0'.repeat(32);
    const answer = await close(app(), 'by-id', { sessionIds: [one, unknown, 'x', two] });
    expect([answer.status, answer.body]).toEqual([200, { closed: [one, two] }]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await live()).toEqual([three]);
    expect((await close(app(), 'by-id', { sessionIds: [one] })).body).toEqual({ closed: [] });
    expect(events.filter(({ type }) => type === 'ended')).toMatchObject([
      { reason: 'administrator', session: { sessionId: one } },
      { reason: 'administrator', session: { sessionId: two } },
    ]);
  });

  it('by user ends all sessions of the users, but not of a user with the same number in another context', async () => {
    const ended = [await opened('3', '1'), await opened('3', '1'), await opened('4', '2')];
    const kept = [await opened('3', '2'), await opened('3', null)];
    const users = [
      { contextId: 1, userId: 3 },
      { contextId: 2, userId: 4 },
      { contextId: 9, userId: 9 },
    ];
    const { body } = await close(app(), 'by-user', { users });
    expect([...(body as { closed: string[] }).closed].sort()).toEqual(ended.sort());
    expect(await live()).toEqual(kept.sort());
  });

  it('by context ends all sessions of the contexts', async () => {
    await opened('3', '1');
    await opened('4', '2');
    const kept = [await opened('3', '3'), await opened('3', null)];
    const answer = await close(app(), 'by-context', { contextIds: [1, 2] });
    expect([answer.status, answer.body]).toEqual([200, {}]);
    expect(await live()).toEqual(kept.sort());
  });

  it('asks the app for users and tenants if their ids are no numbers', async () => {
    const [alice, bob] = [await opened('alice', null), await opened('bob', 'acme')];
    const site = app({
      ownerOf: async (userId, contextId) =>
        userId === 3 && contextId === 1 ? { userId: 'alice' } : undefined,
      tenantOf: (contextId) => (contextId === 7 ? 'acme' : undefined),
    });
    const users = [
      { contextId: 1, userId: 3 },
      { contextId: 2, userId: 3 },
    ];
    expect((await close(site, 'by-user', { users })).body).toEqual({ closed: [alice] });
    expect((await close(site, 'by-context', { contextIds: [8] })).body).toEqual({});
    expect(await live()).toEqual([bob]);
    await close(site, 'by-context', { contextIds: [7] });
    expect(await live()).toEqual([]);
  });
});

describe('invalid requests to close sessions', () => {
  it.each<[string, string | object]>([
    ['by-id', {}],
    ['by-id', []],
    ['by-id', { sessionIds: [] }],
    ['by-id', { sessionIds: 'x' }],
    ['by-id', { sessionIds: [1] }],
    ['by-id', { sessionIds: new Array(1001).fill('x') }],
    ['by-id', { users: [{ contextId: 1, userId: 3 }] }],
    ['by-user', { users: [{ contextId: 1, userId: 3 }, { contextId: 1 }] }],
    ['by-user', { users: [{ contextId: '1', userId: 3 }] }],
    ['by-user', { users: [null] }],
    ['by-context', { contextIds: [1, null] }],
    ['by-context', { contextIds: [1.5] }],
    ['by-context', { contextIds: ['1'] }],
    ['by-context', 'contextIds=1'],
  ])('return 400 and end nothing: %s %j', async (path, body) => {
    const id = await opened('3', '1');
    const answer = await close(app(), path, body);
    expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ code: 'SVL-0004' })]);
    expect(JSON.stringify(answer.body)).toContain('must be a list of 1 to 1000 entries');
    expect(await live()).toEqual([id]);
  });

  it('return 400 for a body that is no JSON', async () => {
    const answer = await close(app(), 'by-id', '{').set('Content-Type', 'application/json');
    expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ code: 'SVL-0004' })]);
  });
});

describe('the permission to close sessions', () => {
  const asked = () => close(app(), 'by-context', { contextIds: [1] });

  it.each<[string, unknown]>([
    ['false', () => false],
    ['a promise of undefined', async () => undefined],
    ['text', () => 'yes'],
    ['an error', () => Promise.reject(new Error('permissions are away'))],
  ])('is missing if isGranted returns %s', async (_, isGranted) => {
    const id = await opened('3', '1');
    const site = app({ isGranted: isGranted as CloseSessionsRouterOptions['isGranted'] });
    for (const path of ['by-id', 'by-user', 'by-context']) {
      const answer = await close(site, path, {
        sessionIds: [id],
        users: [{ contextId: 1, userId: 3 }],
        contextIds: [1],
      });
      expect([answer.status, answer.body]).toEqual([403, expect.objectContaining({ code: 'LGI-0026' })]);
    }
    expect(await live()).toEqual([id]);
  });

  it('is reported if isGranted throws, and a SessionError is passed on', async () => {
    const broken = app({
      isGranted: () => {
        throw new Error('away');
      },
    });
    await close(broken, 'by-context', { contextIds: [1] });
    expect(events).toMatchObject([{ type: 'failed', task: 'permission', error: new Error('away') }]);
    const down = app({
      isGranted: () => {
        throw new SessionError('store-unavailable', 'Not now.', { retryAfter: 1 });
      },
    });
    const answer = await close(down, 'by-context', { contextIds: [1] });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
  });

  it('is not granted to a page of another site in the browser of an administrator', async () => {
    const id = await opened('3', '1');
    for (const [header, value] of [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Origin', 'https://evil.example'],
    ] as const) {
      expect((await asked().set(header, value)).status).toBe(403);
    }
    expect(await live()).toEqual([id]);
    expect((await asked().set('Sec-Fetch-Site', 'same-origin')).status).toBe(200);
  });

  it.each([undefined, {}, { isGranted: true }, { isGranted: () => true, granted: 1 }])(
    'is required, so that the router is not built with %j',
    (options) => {
      expect(() => closeSessionsRouter(manager, options as never)).toThrow(TypeError);
    },
  );
});
