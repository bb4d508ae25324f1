'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const request = require('supertest');

const app = require(`./${process.env.VERSION}/app`);

const signIn = (agent, username = 'alice', password = 'wonderland') =>
  agent.post('/api/login').send({ username, password });

test('keeps the cart of a guest when the guest signs in', async () => {
  const agent = request.agent(app);
  await agent.post('/api/cart').send({ item: 'tea' }).expect(200, ['tea']);
  await signIn(agent).expect(200, { name: 'alice' });
  assert.deepEqual((await agent.get('/api/me')).body, { name: 'alice', cart: ['tea'] });
});

for (const route of ['logout', 'leave']) {
  test(`signs out by /api/${route}`, async () => {
    const agent = request.agent(app);
    await signIn(agent).expect(200);
    await agent.post(`/api/${route}`).expect(204);
    assert.equal((await agent.get('/api/me')).body.name, null);
  });
}

test('refuses a wrong password', async () => {
  await signIn(request(app), 'alice', 'wrong').expect(401);
});
