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

it('throws TypeError for an invalid option', () => {
  expect(() => createIdentitySessionManager({ store: memory(), shortLifetime: 'soon' })).toThrow(TypeError);
});
