'use strict';

const express = require('express');
const {
  createIdentitySessionManager,
  createSignIn,
  memory,
  migrate,
  restRouter,
  sessionErrors,
  sessionSecretGuard,
  systemClock,
} = require('express-identity-sessions');
const createKnex = require('knex');
const request = require('supertest');

function appOn(manager) {
  const app = express();
  const signIn = createSignIn(manager);
  app.post('/sign-in', express.json(), (req, res, next) => {
    signIn(req, res, req.body).then(() => res.sendStatus(204), next);
  });
  app.use(sessionSecretGuard(manager));
  app.get('/private', (req, res) => res.json({ userId: req.identitySession.userId }));
  app.use(restRouter(manager));
  app.use(sessionErrors(manager));
  return app;
}

async function signedIn(app, userId) {
  const response = await request(app).post('/sign-in').send({ userId }).expect(204);
  return response.get('Set-Cookie')[0].split(';')[0];
}

function itWorks(getManager) {
  it('admits a user who signed in, until the session is revoked', async () => {
    const app = appOn(getManager());
    const [laptop, phone] = [await signedIn(app, 'alice'), await signedIn(app, 'alice')];
    await request(app).get('/private').set('Cookie', laptop).expect(200, { userId: 'alice' });
    await request(app).delete('/sessions/others').set('Cookie', phone).expect(204);
    const refused = await request(app).get('/private').set('Cookie', laptop).expect(401);
    expect(refused.body).toMatchObject({ code: 'session-ended', reason: 'revoked' });
  });

  it('returns 401 without credentials', async () => {
    const refused = await request(appOn(getManager())).get('/private').expect(401);
    expect(refused.body.code).toBe('credentials-missing');
  });
}

describe('without a database', () => {
  const manager = createIdentitySessionManager({ store: memory() });
  afterAll(() => manager.close());
  itWorks(() => manager);
});

describe('on PostgreSQL', () => {
  let knex;
  let manager;

  beforeAll(async () => {
    knex = createKnex({ client: 'pg', connection: process.env.DATABASE_URL });
    await migrate(knex);
    manager = createIdentitySessionManager({ knex });
  });
  afterAll(async () => {
    await manager.close();
    await knex.destroy();
  });
  itWorks(() => manager);
});

describe('under fake timers', () => {
  let knex;
  let manager;

  beforeAll(async () => {
    knex = createKnex({ client: 'pg', connection: process.env.DATABASE_URL });
    await migrate(knex);
    manager = createIdentitySessionManager({ knex });
  });
  afterEach(() => jest.useRealTimers());
  afterAll(async () => {
    await manager.close();
    await knex.destroy();
  });

  it.each([
    ['all', {}],
    ['all except nextTick', { doNotFake: ['nextTick'] }],
    ['all, at a time of the future', { now: Date.UTC(2040, 0, 1) }],
  ])('serves guarded requests (%s)', async (_, config) => {
    jest.useFakeTimers(config);
    const app = appOn(manager);
    const cookie = await signedIn(app, 'alice');
    await request(app).get('/private').set('Cookie', cookie).expect(200, { userId: 'alice' });
    await request(app).get('/sessions').set('Cookie', cookie).expect(200);
    await request(app).delete('/sessions/others').set('Cookie', cookie).expect(204);
    await request(app).get('/private').set('Cookie', cookie).expect(200);
  });

  it('expires sessions when the test moves the time, if the clock follows Date', async () => {
    const clock = { ...systemClock(), now: () => Date.now() };
    const short = createIdentitySessionManager({ store: memory(), shortLifetime: '1H', clock });
    const app = appOn(short);
    const cookie = await signedIn(app, 'alice');
    jest.useFakeTimers({ now: Date.now() + 2 * 3_600_000 });
    const refused = await request(app).get('/private').set('Cookie', cookie).expect(401);
    expect(refused.body.code).toBe('session-expired');
    await short.close();
  });
});

it('throws TypeError for an invalid option', () => {
  expect(() => createIdentitySessionManager({ store: memory(), shortLifetime: 'soon' })).toThrow(TypeError);
});
