'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const request = require('supertest');

const app = require('./after/app');

const FROM_PAGE = { Origin: 'https://app.example.com', 'Sec-Fetch-Site': 'same-site' };
const CREDENTIALS = { username: 'alice', password: 'wonderland' };

async function signedIn() {
  const agent = request.agent(app).set(FROM_PAGE);
  await agent.post('/login').send(CREDENTIALS).expect(200);
  return agent;
}

test('lets the page of the other origin list and end sessions, and read why a session ended', async () => {
  const [desk, phone] = [await signedIn(), await signedIn()];
  const { body } = await desk.get('/sessions').expect(200);
  const other = body.sessions.find((each) => !each.current);
  await desk.delete(`/sessions/${other.id}`).expect(204);
  const refused = await phone.get('/me').expect(401);
  assert.deepEqual([refused.body.code, refused.body.reason], ['session-ended', 'revoked']);
  assert.equal(refused.headers['access-control-allow-origin'], FROM_PAGE.Origin);
});

for (const [site, origin] of [
  ['cross-site', 'https://evil.example'],
  ['same-site', 'https://other.example.com'],
]) {
  test(`refuses writes of ${origin}`, async () => {
    const agent = await signedIn();
    const headers = { Origin: origin, 'Sec-Fetch-Site': site };
    await agent.delete('/sessions/all').set(headers).expect(403);
    await agent.get('/me').expect(200);
    await request(app).post('/login').set(headers).send(CREDENTIALS).expect(403);
  });
}
