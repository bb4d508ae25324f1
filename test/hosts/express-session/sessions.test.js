'use strict';

const assert = require('node:assert/strict');
const { beforeEach, test } = require('node:test');

const request = require('supertest');

const app = require('./after/app');
const db = require('./after/db');
const manager = require('./after/sessions');
const oldApp = require('./before/app');
const lastApp = require('./last/app');

const reasons = async () =>
  (await db.query('select end_reason from identity_sessions order by signed_in')).rows.map(
    ({ end_reason }) => end_reason,
  );

beforeEach(() => db.query('delete from identity_sessions'));

/** A browser that the load balancer sends to one version or the other. It keeps the cookies of both. */
class Browser {
  cookies = new Map();

  async send(version, method, path, body) {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const response = await request(version)[method](path).set('Cookie', cookie).send(body);
    for (const line of response.get('Set-Cookie') ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async nameAt(version) {
    return (await this.send(version, 'get', '/api/me')).body.name;
  }
}

async function signedInAt(version) {
  const browser = new Browser();
  const { status } = await browser.send(version, 'post', '/api/login', {
    username: 'alice',
    password: 'wonderland',
  });
  assert.equal(status, 200);
  return browser;
}

test('opens one session for eight parallel first requests of a user of the old version', async () => {
  const browser = await signedInAt(oldApp);
  const names = await Promise.all(Array.from({ length: 8 }, () => browser.nameAt(app)));
  assert.deepEqual(names, Array(8).fill('alice'));
  assert.deepEqual(await reasons(), [null]);
});

for (const [title, first] of [
  ['old', oldApp],
  ['new', app],
]) {
  test(`keeps a user signed in at both versions after a sign-in at the ${title} version`, async () => {
    const browser = await signedInAt(first);
    for (const version of [oldApp, app, oldApp, app]) assert.equal(await browser.nameAt(version), 'alice');
    assert.deepEqual(await reasons(), [null]);
  });

  test(`signs a user out at both versions after a sign-out at the ${title} version`, async () => {
    const browser = await signedInAt(oldApp);
    await browser.nameAt(app);
    assert.equal((await browser.send(first, 'post', '/api/logout')).status, 204);
    for (const version of [oldApp, app]) assert.equal(await browser.nameAt(version), undefined);
    assert.deepEqual(await reasons(), ['signed-out']);
  });
}

test('signs a user out at both versions after the session was revoked', async () => {
  const browser = await signedInAt(oldApp);
  await browser.nameAt(app);
  await manager.revoke({ owner: { userId: '1' } });
  for (const version of [app, oldApp]) assert.equal(await browser.nameAt(version), undefined);
  assert.deepEqual(await reasons(), ['revoked']);
});

test('ends the old session later if the store of express-session fails', async () => {
  const browser = await signedInAt(oldApp);
  await browser.nameAt(app);
  await manager.revoke({ owner: { userId: '1' } });
  await db.query('create rule failing as on delete to session do instead select 1 / 0');
  try {
    const failed = await browser.send(app, 'get', '/api/me');
    assert.deepEqual([failed.status, failed.body.error], [500, 'division by zero']);
  } finally {
    await db.query('drop rule failing on session');
  }
  assert.equal((await browser.send(app, 'get', '/api/me')).status, 401);
  assert.equal((await browser.send(oldApp, 'get', '/api/me')).status, 401);
});

test('keeps users signed in after the last step, which removes express-session', async () => {
  const browser = await signedInAt(oldApp);
  await browser.nameAt(app);
  assert.equal(await browser.nameAt(lastApp), 'alice');
  const other = await signedInAt(lastApp);
  assert.equal(await other.nameAt(lastApp), 'alice');
  assert.deepEqual(await reasons(), [null, null]);
});
