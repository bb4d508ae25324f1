'use strict';

const assert = require('node:assert/strict');
const { beforeEach, test } = require('node:test');

const request = require('supertest');

const app = require('./after/app');
const manager = require('./after/sessions');
const oldApp = require('./before/app');
const lastApp = require('./last/app');

beforeEach(async () => {
  for (const userId of ['1', '2']) await manager.revoke({ owner: { userId } });
});

async function tokenOf(version, username = 'alice', password = 'wonderland') {
  const { body } = await request(version).post('/api/login').send({ username, password }).expect(200);
  return `Bearer ${body.token}`;
}

const listOf = (token) => request(app).get('/sessions').set('Authorization', token);

test('opens one session for eight parallel first requests with a JWT', async () => {
  const token = await tokenOf(oldApp);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => request(app).get('/api/me').set('Authorization', token)),
  );
  assert.deepEqual(
    answers.map(({ body }) => body),
    Array(8).fill({ name: 'alice' }),
  );
  assert.equal((await listOf(token).expect(200)).body.sessions.length, 1);
});

test('admits JWTs of both versions at both versions', async () => {
  for (const token of [await tokenOf(oldApp), await tokenOf(app)]) {
    for (const version of [oldApp, app, oldApp, app]) {
      await request(version).get('/api/me').set('Authorization', token).expect(200, { name: 'alice' });
    }
  }
});

test('refuses a JWT after its session was revoked', async () => {
  const [phone, desk] = [await tokenOf(oldApp, 'bob', 'builder'), await tokenOf(oldApp, 'bob', 'builder')];
  for (const token of [phone, desk]) await listOf(token).expect(200);
  assert.equal((await listOf(desk)).body.sessions.length, 2);
  await request(app).delete('/sessions/others').set('Authorization', desk).expect(204);
  await request(app).get('/api/me').set('Authorization', phone).expect(401);
  await request(app).get('/api/me').set('Authorization', desk).expect(200);
});

test('refuses a JWT after its client signed out', async () => {
  const token = await tokenOf(oldApp);
  await request(app).delete('/session').set('Authorization', token).expect(204);
  await request(app).get('/api/me').set('Authorization', token).expect(401);
});

test('gives out tokens of this package in the last step, and still admits JWTs', async () => {
  const [jwt, own] = [await tokenOf(oldApp), await tokenOf(lastApp)];
  for (const token of [jwt, own]) {
    await request(lastApp).get('/api/me').set('Authorization', token).expect(200, { name: 'alice' });
  }
  await request(oldApp).get('/api/me').set('Authorization', own).expect(401);
  await request(lastApp).delete('/sessions/others').set('Authorization', own).expect(204);
  await request(lastApp).get('/api/me').set('Authorization', jwt).expect(401);
});
