'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const express = require('express');
const { passportSessions } = require('express-identity-sessions/passport');
const passport6 = require('passport6');
const request = require('supertest');

const app = require('./after/app');
const manager = require('./after/sessions');

const CREDENTIALS = { username: 'alice', password: 'wonderland' };

async function signedIn() {
  const agent = request.agent(app);
  await agent.post('/login').type('form').send(CREDENTIALS).expect(302);
  return agent;
}

test('ends the sessions of a user on other devices', async () => {
  const [desk, phone] = [await signedIn(), await signedIn()];
  await desk.delete('/sessions/others').expect(204);
  assert.deepEqual((await phone.get('/')).body, { user: null });
  assert.deepEqual((await desk.get('/')).body, { user: 'alice' });
});

for (const [returnTo, location] of [
  ['/settings?tab=2', '/settings?tab=2'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example/', '/'],
  ['javascript:alert(1)', '/'],
]) {
  test(`redirects to ${location} after a sign-in with returnTo ${returnTo}`, async () => {
    const form = request(app).post('/login').type('form');
    await form
      .send({ ...CREDENTIALS, returnTo })
      .expect(302)
      .expect('Location', location);
  });
}

test('names the cause if Passport is installed twice', async () => {
  const twice = express();
  twice.use(passportSessions(manager, { passport: passport6 }));
  twice.get('/', (req, res, next) => req.login({ id: 1 }, (error) => next(error)));
  twice.use((error, req, res, _next) => res.status(500).json({ message: error.message }));
  const { status, body } = await request(twice).get('/');
  assert.equal(status, 500);
  assert.match(body.message, /call it on the same Passport .* `npm ls passport`/);
});
