import express from 'express';

import { createSignIn, sessionErrors, sessionSecretGuard, sessionTrail, type Owner } from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';
import type { IdentitySessionManager } from '../../lib';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let database: TestDatabase;
let manager: IdentitySessionManager;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  manager = managerOn({ knex: database.knex });
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

async function signedIn(userId = 'alice'): Promise<Browser> {
  const browser = new Browser(appOn(manager), { 'User-Agent': FIREFOX });
  expect((await browser.post('/sign-in', { userId })).status).toBe(200);
  return browser;
}

describe('GET /sessions/trail', () => {
  it('returns the history of the caller with device, reason and actor', async () => {
    const browser = await signedIn();
    const other = await signedIn();
    const { body } = await other.get('/session');
    await browser.delete(`/sessions/${body.session.id}`);
    const response = await browser.get('/sessions/trail');
    expect(response.status).toBe(200);
    expect(response.get('Cache-Control')).toBe('no-store');
    const [ended, second, first] = response.body.entries;
    expect(ended).toMatchObject({
      event: 'ended',
      reason: 'revoked',
      sessionId: body.session.id,
      current: false,
    });
    expect(ended.device.displayName).toBe('Firefox 140 on Linux');
    expect(second).toMatchObject({ event: 'signed-in', current: false, count: 1 });
    expect(first).toMatchObject({ event: 'signed-in', current: true });
    expect(Date.parse(first.at)).not.toBeNaN();
  });

  it('returns page by page', async () => {
    const browser = await signedIn();
    for (let i = 0; i < 4; i++) await signedIn();
    const first = await browser.get('/sessions/trail?limit=3');
    const rest = await browser.get(`/sessions/trail?after=${first.body.next}`);
    expect([first.body.entries.length, rest.body.entries.length, rest.body.next]).toEqual([3, 2, undefined]);
  });

  it('does not return entries of others', async () => {
    await signedIn('bob');
    const browser = await signedIn();
    expect((await browser.get('/sessions/trail')).body.entries).toHaveLength(1);
  });

  it.each(['limit=0', 'limit=x', 'after=x', 'after=1&after=2'])('refuses the page ?%s', async (query) => {
    const { status, body } = await (await signedIn()).get(`/sessions/trail?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid-request']);
  });

  it('returns 401 without a session', async () => {
    expect((await new Browser(appOn(manager)).get('/sessions/trail')).status).toBe(401);
  });

  it('throws a TypeError if no guard is mounted before it', async () => {
    const app = express();
    app.get('/trail', sessionTrail(manager));
    app.use((error: Error, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).json({ name: error.name });
    });
    expect((await new Browser(app).get('/trail')).body).toEqual({ name: 'TypeError' });
  });
});

describe('signIn.failed', () => {
  it('records the attempt with the address and the client of the request', async () => {
    const app = express();
    const signIn = createSignIn(manager);
    app.post('/sign-in', express.json(), async (request, response) => {
      const { name, owner } = request.body as { name: string; owner?: Owner };
      await signIn.failed(request, { name, owner });
      response.sendStatus(401);
    });
    app.get('/trail', sessionSecretGuard(manager), sessionTrail(manager));
    app.use(sessionErrors(manager));
    const stranger = new Browser(app, { 'User-Agent': 'curl/8' });
    expect((await stranger.post('/sign-in', { name: 'Alice', owner: { userId: 'alice' } })).status).toBe(401);
    const [, failed] = (await (await signedIn()).get('/sessions/trail')).body.entries;
    expect(failed).toMatchObject({ event: 'sign-in-failed', ipAddress: '127.0.0.1', count: 1 });
    expect(failed.device.displayName).toContain('curl');
    expect(JSON.stringify(failed)).not.toMatch(/alice/i);
  });
});
