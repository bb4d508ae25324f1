'use strict';

const assert = require('node:assert/strict');
const { before, beforeEach, test } = require('node:test');

const request = require('supertest');

const app = require('./after/app');
const db = require('./after/db');
const oldApp = require('./before/app');

async function signedIn(version = app) {
  const agent = request.agent(version);
  await agent.post('/api/login').send({ username: 'alice', password: 'wonderland' }).expect(200);
  return agent;
}

const nameIn = async (agent) => (await agent.get('/api/me').expect(200)).body.name;
const sessionsOf = async (agent) => (await agent.get('/sessions').expect(200)).body.sessions;
const theirs = async () => (await db.query('select * from session')).rowCount;
const reasons = async () =>
  (await db.query('select end_reason from identity_sessions order by signed_in')).rows.map(
    ({ end_reason }) => end_reason,
  );

// The first sign-in creates the table of express-session.
before(() => signedIn());
beforeEach(async () => {
  await db.query('delete from session');
  await db.query('delete from identity_sessions');
});

test('destroys the express-session at the next request after its session was revoked elsewhere', async () => {
  const [desk, phone] = [await signedIn(), await signedIn()];
  const other = (await sessionsOf(desk)).find((each) => !each.current);
  await desk.delete(`/sessions/${other.id}`).expect(204);
  assert.equal(await theirs(), 2);
  await phone.get('/api/me').expect(401);
  assert.equal(await theirs(), 1);
  assert.equal(await nameIn(phone), null);
  assert.equal(await nameIn(desk), 'alice');
});

for (const route of ['logout', 'leave']) {
  test(`ends the session when the user signs out by /api/${route}`, async () => {
    const agent = await signedIn();
    await agent.post(`/api/${route}`).expect(204);
    assert.deepEqual(await reasons(), ['signed-out']);
  });
}

test('ends the session when the express-session of another user takes its place', async () => {
  const agent = await signedIn();
  await agent.post('/api/login').send({ username: 'bob', password: 'builder' }).expect(200);
  assert.equal(await nameIn(agent), 'bob');
  assert.deepEqual(await reasons(), ['signed-out', null]);
});

test('opens one session for parallel first requests of a user who was signed in before', async () => {
  const agent = await signedIn(oldApp);
  const cookie = agent.jar.getCookies({ domain: '127.0.0.1', path: '/' }).toValueString();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => request(app).get('/api/me').set('Cookie', cookie)),
  );
  assert.deepEqual(
    answers.map(({ body }) => body.name),
    Array(8).fill('alice'),
  );
  assert.deepEqual(await reasons(), [null]);
});

test('refuses to end sessions for pages of other sites', async () => {
  const agent = await signedIn();
  await agent.delete('/sessions/all').set('Sec-Fetch-Site', 'cross-site').expect(403);
  assert.equal(await nameIn(agent), 'alice');
});

test('keeps users signed in while the store of express-session fails', async () => {
  const agent = await signedIn();
  await db.query('alter table session rename to away');
  try {
    const { body } = await agent.get('/api/me').expect(500);
    assert.match(body.error, /relation "session" does not exist/);
  } finally {
    await db.query('alter table away rename to session');
  }
  assert.equal(await nameIn(agent), 'alice');
  assert.deepEqual(await reasons(), [null]);
});
