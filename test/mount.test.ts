import express5, { type Express } from 'express';
import express4 from 'express4';
import type { Knex } from 'knex';

import type * as sessions from '../lib';
import { Browser } from './support/browser';
import { createDatabase, type TestDatabase } from './support/database';
import { readmeApp } from './support/readme';
import { appOfSnippet } from './support/snippet-app';

const ALICE = { name: 'alice', password: 'wonderland' };

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('the app in the README, on %s', (_, express) => {
  let app: Express;
  let knex: Knex;
  let manager: sessions.IdentitySessionManager;

  beforeEach(async () => {
    await database.empty();
    knex = database.connect({ log: { warn: () => undefined } });
    ({ app, manager } = await start());
  });
  afterEach(() => manager.close());

  it('signs users in, lists their sessions, ends them, and signs users out', async () => {
    const [desk, phone] = [new Browser(app), new Browser(app)];
    for (const browser of [desk, phone]) {
      expect((await browser.post('/sign-in', ALICE)).status).toBe(204);
    }
    expect((await phone.get('/')).body).toEqual({ userId: '1' });
    const { body } = await desk.get('/sessions');
    const { sessions: listed } = body as { sessions: { id: string; current: boolean }[] };
    const other = listed.find(({ current }) => !current)!;
    expect((await desk.delete(`/sessions/${other.id}`)).status).toBe(204);
    expect((await phone.get('/')).body).toEqual({ userId: null });
    expect((await phone.get('/sessions')).status).toBe(401);
    expect((await desk.post('/session/autologin')).status).toBe(200);
    expect((await desk.delete('/session')).status).toBe(204);
    expect((await desk.get('/')).body).toEqual({ userId: null });
  });

  it.each([{ ...ALICE, password: 'wrong' }, { ...ALICE, name: 'mallory' }, {}, undefined])(
    'answers a sign-in with %j with 401 and without a cookie',
    async (credentials) => {
      const response = await new Browser(app).post('/sign-in', credentials);
      expect([response.status, response.get('Set-Cookie')]).toEqual([401, undefined]);
    },
  );

  it('answers a sign-in from another site with 403 and continues to run', async () => {
    const browser = new Browser(app, { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' });
    expect((await browser.post('/sign-in', ALICE)).status).toBe(403);
    expect((await new Browser(app).post('/sign-in', ALICE)).status).toBe(204);
  });

  it('answers a sign-in with 503 if the database is unreachable', async () => {
    await knex.destroy();
    expect((await new Browser(app).post('/sign-in', ALICE)).status).toBe(503);
  });

  it('sends the cookie over plain HTTP only if NODE_ENV is "development"', async () => {
    const development = await start({ NODE_ENV: 'development' });
    try {
      const [secure] = (await new Browser(app).post('/sign-in', ALICE)).get('Set-Cookie')!;
      const [plain] = (await new Browser(development.app).post('/sign-in', ALICE)).get('Set-Cookie')!;
      expect(secure).toMatch(/^__Host-Http-identity=.*; Secure/);
      expect(plain).toMatch(/^identity=(?!.*Secure)/);
    } finally {
      await development.manager.close();
    }
  });

  function start(env: Readonly<Record<string, string>> = {}) {
    return appOfSnippet(readmeApp(), { express, knex, env });
  }
});
