'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const request = require('supertest');

const app = require(`./${process.env.VERSION}/app`);

const ORIGIN = 'https://app.example.com';
const FROM_PAGE = { Origin: ORIGIN, 'Sec-Fetch-Site': 'same-site' };

test('signs in, shows the user and signs out, for pages of the other origin', async () => {
  const agent = request.agent(app).set(FROM_PAGE);
  await agent
    .post('/login')
    .send({ username: 'alice', password: 'wonderland' })
    .expect(200, { name: 'alice' });
  const { headers } = await agent.get('/me').expect(200, { name: 'alice' });
  assert.equal(headers['access-control-allow-origin'], ORIGIN);
  assert.equal(headers['access-control-allow-credentials'], 'true');
  await agent.delete('/session').expect(204);
  const refused = await agent.get('/me').expect(401);
  assert.equal(refused.headers['access-control-allow-origin'], ORIGIN);
});

test('answers the preflight request of a DELETE', async () => {
  const preflight = request(app)
    .options('/session')
    .set({ ...FROM_PAGE, 'Access-Control-Request-Method': 'DELETE' });
  const { headers } = await preflight.expect(204);
  assert.match(headers['access-control-allow-methods'], /DELETE/);
});
