'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const request = require('supertest');

const app = require('./after/app');
const manager = require('./after/sessions');

async function signedIn() {
  const agent = request.agent(app);
  await agent.post('/login').type('form').send({ username: 'alice', password: 'wonderland' }).expect(302);
  return agent;
}

test('lists the sessions of a user and ends one on another device', async () => {
  const [desk, phone] = [await signedIn(), await signedIn()];
  const { body } = await desk.get('/sessions').expect(200);
  const other = body.sessions.find((each) => !each.current);
  await desk.delete(`/sessions/${other.id}`).expect(204);
  assert.doesNotMatch((await phone.get('/')).text, /alice/);
  assert.match((await desk.get('/')).text, /Hello, alice/);
});

test('ends the session on every device when the manager revokes it', async () => {
  const desk = await signedIn();
  await manager.revoke({ owner: { userId: '1' } });
  assert.equal((await desk.get('/settings')).get('Location'), '/login');
});
