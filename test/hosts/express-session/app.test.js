'use strict';

const { test } = require('node:test');

const request = require('supertest');

const app = require(`./${process.env.VERSION}/app`);

test('signs in, shows the user and signs out', async () => {
  const agent = request.agent(app);
  await agent.get('/api/me').expect(401);
  await agent
    .post('/api/login')
    .send({ username: 'alice', password: 'wonderland' })
    .expect(200, { name: 'alice' });
  await agent.get('/api/me').expect(200, { name: 'alice' });
  await agent.post('/api/logout').expect(204);
  await agent.get('/api/me').expect(401);
});

test('refuses a wrong password', async () => {
  await request(app).post('/api/login').send({ username: 'alice', password: 'wrong' }).expect(401);
});
