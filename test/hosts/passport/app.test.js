'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const request = require('supertest');

const app = require(`./${process.env.VERSION}/app`);

async function signIn(agent, password = 'wonderland') {
  return agent.post('/login').type('form').send({ username: 'alice', password });
}

test('signs in, shows the user and signs out', async () => {
  const agent = request.agent(app);
  const signedIn = await signIn(agent);
  assert.deepEqual([signedIn.status, signedIn.get('Location')], [302, '/']);
  assert.match((await agent.get('/')).text, /Hello, alice/);
  await agent.post('/logout').expect(302);
  assert.doesNotMatch((await agent.get('/')).text, /alice/);
});

test('shows a message once after a wrong password', async () => {
  const agent = request.agent(app);
  const failed = await signIn(agent, 'wrong');
  assert.equal(failed.get('Location'), '/login');
  assert.match((await agent.get('/login')).text, /Incorrect username or password/);
  assert.doesNotMatch((await agent.get('/login')).text, /Incorrect/);
});

test('returns to the page that needed a sign-in', async () => {
  const agent = request.agent(app);
  assert.equal((await agent.get('/settings')).get('Location'), '/login');
  assert.equal((await signIn(agent)).get('Location'), '/settings');
  assert.match((await agent.get('/settings')).text, /Settings of alice/);
});
