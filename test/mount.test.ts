import { compileFunction } from 'node:vm';
import express5, { type Express } from 'express';
import express4 from 'express4';
import type { Knex } from 'knex';
import ts from 'typescript';

import * as sessions from '../lib';
import { Browser } from './support/browser';
import { createDatabase, type TestDatabase } from './support/database';
import { mountExample } from './support/readme';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('the example of the README, in %s', (_, express) => {
  let app: Express;
  let knex: Knex;
  let manager: sessions.IdentitySessionManager;

  beforeEach(async () => {
    await database.empty();
    knex = database.connect({ log: { warn: () => undefined } });
    app = express();
    manager = mount(app);
  });
  afterEach(() => manager.close());

  it('signs in, shows whose session it is, lists, ends, and signs out', async () => {
    const [desk, phone] = [new Browser(app), new Browser(app)];
    for (const browser of [desk, phone]) {
      expect((await browser.post('/sign-in', { name: 'alice' })).headers['location']).toBe('/');
    }
    expect((await phone.get('/')).text).toBe('alice');
    const { body } = await desk.get('/sessions');
    const { sessions: listed } = body as { sessions: { id: string; current: boolean }[] };
    const other = listed.find(({ current }) => !current)!;
    expect((await desk.delete(`/sessions/${other.id}`)).status).toBe(204);
    expect((await phone.get('/')).status).toBe(401);
    expect((await desk.post('/session/autologin')).status).toBe(200);
    expect((await desk.delete('/session')).status).toBe(204);
    expect((await desk.get('/')).status).toBe(401);
  });

  it('answers what keeps somebody from signing in, and does not end the process by it', async () => {
    const browser = new Browser(app, { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' });
    expect((await browser.post('/sign-in', { name: 'alice' })).status).toBe(403);
    await knex.destroy();
    expect((await new Browser(app).post('/sign-in', { name: 'alice' })).status).toBe(503);
  });

  /** Runs the example as it stands, with what it says is the app's own. */
  function mount(app: Express): sessions.IdentitySessionManager {
    const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 };
    const { outputText } = ts.transpileModule(mountExample(), { compilerOptions: options });
    const own = {
      require: () => sessions,
      exports: {},
      app,
      express,
      knex,
      authenticate: async ({ name }: { name: string }) => ({ id: name }),
    };
    const run = compileFunction(`${outputText}\nreturn manager;`, Object.keys(own)) as (
      ...given: unknown[]
    ) => sessions.IdentitySessionManager;
    return run(...Object.values(own));
  }
});
