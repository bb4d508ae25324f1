'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const request = require('supertest');

const app = require(`./${process.env.VERSION}/app`);

test('signs in, restores the user and signs out', async () => {
  const agent = request.agent(app);
  const form = agent.post('/login').type('form');
  await form.send({ username: 'alice', password: 'wonderland' }).expect(302).expect('Location', '/');
  assert.deepEqual((await agent.get('/')).body, { user: 'alice' });
  await agent.post('/logout').expect(302);
  assert.deepEqual((await agent.get('/')).body, { user: null });
});

test('redirects after a wrong password', async () => {
  const form = request(app).post('/login').type('form');
  await form.send({ username: 'alice', password: 'wrong' }).expect('Location', '/login?failed');
});
