import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { request as httpRequest } from 'node:http';

import { MemoryStore } from 'express-rate-limit';
import express, { type Express, type Request, type RequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';

import {
  createSignIn,
  memory,
  sessionErrors,
  signInLimiter,
  type IdentitySessionManager,
  type IdentitySessionOptions,
  type SignInLimiterOptions,
} from '../../lib';
import { FakeClock } from '../support/clock';
import { createDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/gate';
import { managerOn } from '../support/manager';

/** The ways in which apps answer a wrong password. */
const ANSWERS: Readonly<Record<string, RequestHandler>> = {
  status: (_, response) => void response.sendStatus(401),
  redirect: (_, response) => response.redirect('/sign-in?wrong'),
  page: (_, response) => void response.send('<p>The password is wrong.</p>'),
};

interface AppOptions extends SignInLimiterOptions {
  readonly framework?: typeof express;
  readonly refuse?: RequestHandler;
}

/** An app whose sign-in accepts the password "right" for every name. */
function appOn(manager: IdentitySessionManager, options: AppOptions = {}): Express {
  const { framework = express, refuse = ANSWERS['status']!, ...limiterOptions } = options;
  const signIn = createSignIn(manager);
  const app = framework();
  app.set('trust proxy', 1);
  app.use(framework.urlencoded({ extended: false }));
  app.use('/sign-in', signInLimiter(manager, limiterOptions));
  app.get('/sign-in', (_, response) => void response.send('<form method="post">'));
  app.post('/sign-in', (request_, response, next) => {
    const { name = '', password, status } = request_.body as Record<string, string>;
    if (status !== undefined) response.sendStatus(Number(status));
    else if (password === 'right') {
      signIn(request_, response, { userId: name }).then(() => response.redirect('/'), next);
    } else if (password === 'token') {
      manager.create({ userId: name }).then(() => response.redirect('/'), next);
    } else if (password === 'half') {
      signIn.pending(request_);
      response.redirect('/second-factor');
    } else refuse(request_, response, next);
  });
  app.use(sessionErrors(manager));
  return app;
}

const memoryManager = (options: Partial<IdentitySessionOptions> = {}) =>
  managerOn({ store: memory(), ...options });

const attempt = (app: Express, fields: Record<string, string> = {}, from = '192.0.2.1') =>
  request(app).post('/sign-in').type('form').send(fields).set('X-Forwarded-For', from);

const nameOf = ({ body }: Request) => (body as { name?: string } | undefined)?.name;

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('signInLimiter in %s', (_, framework) => {
  it.each(Object.entries(ANSWERS))(
    'counts wrong passwords that the app answers with a %s',
    async (__, refuse) => {
      const app = appOn(memoryManager(), { framework, limit: 2, refuse });
      for (let i = 0; i < 2; i++) expect((await attempt(app)).status).toBeLessThan(402);
      const response = await attempt(app);
      expect(response.status).toBe(429);
      expect(response.get('Content-Type')).toContain('application/problem+json');
      expect(response.body).toMatchObject({ code: 'too-many-requests', status: 429 });
      expect(Number(response.get('Retry-After'))).toBeGreaterThan(0);
      expect((await attempt(app, {}, '198.51.100.7')).status).toBeLessThan(402);
    },
  );

  it.each([
    ['that open a session', { password: 'right' }],
    ['that open a session for a token', { password: 'token' }],
    ['that wait for a second factor', { password: 'half' }],
    ['that end with a 5xx response', { status: '503' }],
  ])('does not count attempts %s', async (__, fields) => {
    const app = appOn(memoryManager(), { framework, limit: 1, nameOf });
    for (let i = 0; i < 30; i++) {
      expect((await attempt(app, { name: 'alice', ...fields })).status).not.toBe(429);
    }
    await attempt(app);
    expect((await attempt(app)).status).toBe(429);
  });
});

describe('signInLimiter', () => {
  it('does not count a sign-in with the right password that exceeds the limit of sessions', async () => {
    const app = appOn(memoryManager({ maxSessionsPerUser: 1, onLimit: 'refuse' }), { limit: 1 });
    await attempt(app, { name: 'alice', password: 'right' });
    for (let i = 0; i < 3; i++) {
      expect((await attempt(app, { name: 'alice', password: 'right' })).status).toBe(409);
    }
  });

  it('does not count reads of the sign-in page', async () => {
    const app = appOn(memoryManager(), { limit: 1 });
    for (let i = 0; i < 3; i++) expect((await request(app).get('/sign-in')).status).toBe(200);
  });

  it('does not count requests of clients that disconnect before the response', async () => {
    const seen: Request[] = [];
    const answer: RequestHandler = (hanging, response) =>
      seen.length < 25 ? void seen.push(hanging) : response.sendStatus(401);
    const app = appOn(memoryManager(), { limit: 1, nameOf, refuse: answer });
    const server = app.listen(0);
    const { port } = server.address() as AddressInfo;
    for (let i = 0; i < 25; i++) {
      const client = httpRequest({ port, path: '/sign-in', method: 'POST' });
      client.on('error', () => undefined);
      client.setHeader('Content-Type', 'application/x-www-form-urlencoded');
      client.setHeader('X-Forwarded-For', '192.0.2.1');
      client.end('name=alice');
      await until(() => seen.length === i + 1);
      const closed = once(seen[i]!.res!, 'close');
      client.destroy();
      await closed;
    }
    server.close();
    expect((await attempt(app, { name: 'alice' })).status).toBe(401);
    expect((await attempt(app, { name: 'alice' })).status).toBe(429);
  });

  it('counts in the given store by the given key', async () => {
    const store = new MemoryStore();
    const app = appOn(memoryManager(), { limit: 1, store, keyGenerator: () => 'everybody' });
    await attempt(app);
    expect((await attempt(app, {}, '198.51.100.7')).status).toBe(429);
    expect(await store.get('everybody')).toMatchObject({ totalHits: 2 });
  });

  it.each([
    [true, 'EIS_PERMISSIVE_TRUST_PROXY'],
    [false, 'EIS_UNSET_TRUST_PROXY'],
  ])('warns once if `trust proxy` is %j behind a proxy', async (setting, code) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const app = appOn(memoryManager());
    app.set('trust proxy', setting);
    for (let i = 0; i < 2; i++) await attempt(app);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('the number of proxies'), { code }]]);
  });
});

describe('signInLimiter with nameOf', () => {
  let database: TestDatabase;
  let clock: FakeClock;
  let managers: IdentitySessionManager[];

  beforeAll(async () => {
    database = await createDatabase();
  });
  beforeEach(async () => {
    await database.knex('identity_session_attempts').delete();
    clock = new FakeClock();
    managers = Array.from({ length: 2 }, () => managerOn({ knex: database.knex, clock }));
  });
  afterEach(() => Promise.all(managers.map((manager) => manager.close())));
  afterAll(() => database.destroy());

  const apps = () => managers.map((manager) => appOn(manager, { nameOf }));

  async function guess(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const app = apps()[i % 2]!;
      expect((await attempt(app, { name: 'alice' }, `198.51.100.${i}`)).status).toBe(401);
    }
  }

  it('refuses the 21st attempt on an account from any address and on any node for 30 seconds', async () => {
    await guess(20);
    for (const app of apps()) {
      const response = await attempt(app, { name: ' ALICE ', password: 'right' }, '203.0.113.1');
      expect(response.status).toBe(429);
      expect(response.body).toMatchObject({ code: 'too-many-requests' });
      expect(response.get('Retry-After')).toBe('30');
    }
    expect((await attempt(apps()[0]!, { name: 'bob' })).status).toBe(401);
    clock.advance(30_000);
    expect((await attempt(apps()[0]!, { name: 'alice', password: 'right' }, '203.0.113.1')).status).toBe(302);
  });

  it('lets the owner sign in from an address that the account used before', async () => {
    await attempt(apps()[0]!, { name: 'alice', password: 'right' }, '203.0.113.1');
    await until(async () => (await database.knex('identity_session_attempts').first())?.failures === 0);
    await guess(20);
    expect((await attempt(apps()[1]!, { name: 'alice' }, '198.51.100.99')).status).toBe(429);
    expect((await attempt(apps()[1]!, { name: 'alice', password: 'right' }, '203.0.113.1')).status).toBe(302);
  });

  it('never affects live sessions', async () => {
    const { session, secret } = await managers[0]!.open({ userId: 'alice' });
    await guess(20);
    expect(await managers[1]!.verify({ sessionId: session.sessionId, secret })).toMatchObject({
      userId: 'alice',
    });
  });

  it('stores neither the name nor the address', async () => {
    await guess(2);
    const { rows } = await database.knex.raw<{ rows: unknown[] }>(
      'select t::text from identity_session_attempts t',
    );
    expect(JSON.stringify(rows)).not.toMatch(/alice|198\.51/);
  });

  it('returns 503 and does not ask for the password while the database is down', async () => {
    const manager = managerOn({
      knex: database.connect({ connection: 'postgres://127.0.0.1:1/x' }),
      requestBudget: 500,
    });
    const response = await attempt(appOn(manager, { nameOf }), { name: 'alice' });
    expect(response.status).toBe(503);
    expect(response.body).toMatchObject({ code: 'store-unavailable' });
    await manager.close();
  });
});
