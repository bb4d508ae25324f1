'use strict';

const { test } = require('node:test');

const request = require('supertest');

const app = require(`./${process.env.VERSION}/app`);

test('returns a token that proves the user', async () => {
  const credentials = { username: 'alice', password: 'wonderland' };
  const { body } = await request(app).post('/api/login').send(credentials).expect(200);
  await request(app)
    .get('/api/me')
    .set('Authorization', `Bearer ${body.token}`)
    .expect(200, { name: 'alice' });
});

test('refuses a wrong password, a missing token and an invalid token', async () => {
  await request(app).post('/api/login').send({ username: 'alice', password: 'wrong' }).expect(401);
  await request(app).get('/api/me').expect(401);
  await request(app).get('/api/me').set('Authorization', 'Bearer e30.e30.invalid').expect(401);
});
