import cors from 'cors';
import express5, { type Express } from 'express';
import express4 from 'express4';
import request, { type Response, type Test } from 'supertest';

import { restRouter, sessionSecretGuard, type IdentitySessionManager } from '../lib';
import { satisfies } from './support/compliance';
import { Browser } from './support/browser';
import { createDatabase, type TestDatabase } from './support/database';
import { snippet } from './support/snippets';
import { appOfSnippet } from './support/snippet-app';

const PAGE = 'docs/single-page-apps.md';
const ALICE = { name: 'alice', password: 'wonderland' };

/** The headers of a browser for `fetch` from a page in the list, on another subdomain of the same site. */
const OWN = { Origin: 'https://www.example.com', 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' };
const SIBLING = { ...OWN, Origin: 'https://blog.example.com' };
const STRANGER = { ...OWN, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.destroy());

describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('the app for single-page apps, on %s', (_, express) => {
  let app: Express;
  let manager: IdentitySessionManager;

  beforeEach(async () => {
    await database.empty();
    const knex = database.connect();
    const code = snippet(PAGE, 'With the cookie', 'ts');
    ({ app, manager } = await appOfSnippet(code, { express, knex, modules: { cors } }));
  });
  afterEach(() => manager.close());

  /** Sends a request as `fetch` of a page does. The headers of the page take the place of those of `Browser`. */
  const from = (headers: Record<string, string>, test: Test, cookie = '') =>
    test.set(headers).set('Cookie', cookie);

  async function signedIn(): Promise<string> {
    const response = await from(OWN, request(app).post('/sign-in').send(ALICE));
    expect(response.status).toBe(204);
    expectReadable(response);
    return response.get('Set-Cookie')![0]!.split(';')[0]!;
  }

  /** Checks the headers that a browser requires before a page may read a response with credentials. */
  function expectReadable(response: Response): void {
    expect(response.get('Access-Control-Allow-Origin')).toBe(OWN.Origin);
    expect(response.get('Access-Control-Allow-Credentials')).toBe('true');
    expect(response.get('Vary')).toMatch(/\bOrigin\b/);
  }

  const preflight = (headers: Record<string, string>, path: string, method: string) =>
    request(app).options(path).set(headers).set('Access-Control-Request-Method', method);

  it('signs users of the pages in, lists their sessions, and signs them out', async () => {
    const cookie = await signedIn();
    const account = await from(OWN, request(app).get('/account'), cookie);
    expect(account.body).toEqual({ userId: 'alice' });
    const listed = await from(OWN, request(app).get('/sessions'), cookie);
    expect(listed.body.sessions).toHaveLength(1);
    const signedOut = await from(OWN, request(app).delete('/session'), cookie);
    expect(signedOut.status).toBe(204);
    for (const response of [account, listed, signedOut]) expectReadable(response);
  });

  it('answers the preflights of the pages, which have no cookie', async () => {
    for (const [path, method] of [
      ['/sign-in', 'POST'],
      ['/session', 'DELETE'],
      ['/account', 'PATCH'],
    ] as const) {
      const response = await preflight(OWN, path, method);
      expect(response.status).toBe(204);
      expectReadable(response);
      expect(response.get('Access-Control-Allow-Methods')).toContain(method);
    }
    const allowed = await preflight(SIBLING, '/session', 'DELETE');
    expect(allowed.get('Access-Control-Allow-Origin')).toBeUndefined();
  });

  it('lets the pages read why a request was refused', async () => {
    const cookie = await signedIn();
    await manager.revoke({ owner: { tenantId: null, userId: 'alice' } });
    const response = await from(OWN, request(app).get('/account'), cookie);
    expect([response.status, response.body.code]).toEqual([401, 'session-ended']);
    expectReadable(response);
    expect(response.get('Access-Control-Expose-Headers')).toBe('Retry-After');
  });

  it.each([
    ['another subdomain', SIBLING],
    ['another site', STRANGER],
  ])(
    satisfies('refuses writes and sign-ins of pages on %s, and hides responses from them', 'ASVS 3.4.2'),
    async (__, headers) => {
      const cookie = await signedIn();
      const signIn = await from(headers, request(app).post('/sign-in').send(ALICE));
      const write = await from(headers, request(app).delete('/session'), cookie);
      const read = await from(headers, request(app).get('/account'), cookie);
      expect([signIn.status, write.status, read.status]).toEqual([403, 403, 200]);
      for (const response of [signIn, write, read]) {
        expect(response.get('Access-Control-Allow-Origin')).toBeUndefined();
        expect(response.get('Set-Cookie')).toBeUndefined();
      }
      expect((await from(OWN, request(app).get('/account'), cookie)).status).toBe(200);
    },
  );

  it('signs users in over plain HTTP on localhost with the settings for development', async () => {
    const origin = 'http://localhost:5173';
    const development = await appOfSnippet(snippet(PAGE, 'With the cookie', 'ts'), {
      express,
      knex: database.connect(),
      env: { NODE_ENV: 'development', PAGES: origin },
      modules: { cors },
    });
    try {
      const headers = { ...OWN, Origin: origin };
      const response = await from(headers, request(development.app).post('/sign-in').send(ALICE));
      expect([response.status, response.get('Access-Control-Allow-Origin')]).toEqual([204, origin]);
      expect(response.get('Set-Cookie')![0]).toMatch(/^identity=(?!.*Secure)/);
    } finally {
      await development.manager.close();
    }
  });

  it('answers the preflight with 401 if a guard is mounted before cors, as the page says', async () => {
    const wrong = express()
      .use(sessionSecretGuard(manager))
      .use(cors({ origin: OWN.Origin, credentials: true }));
    const response = await request(wrong).options('/').set(OWN).set('Access-Control-Request-Method', 'POST');
    expect([response.status, response.get('Access-Control-Allow-Origin')]).toEqual([401, undefined]);
  });

  it('refuses a write that only cors allows, in a response that the page can read', async () => {
    const open = express()
      .use(cors({ origin: SIBLING.Origin, credentials: true }))
      .use(restRouter(manager));
    const response = await from(SIBLING, request(open).delete('/session'), await signedIn());
    expect([response.status, response.body.code]).toEqual([403, 'cross-site']);
    expect(response.get('Access-Control-Allow-Origin')).toBe(SIBLING.Origin);
  });

  it('accepts the token of a page on any site without a cookie and without `origins`', async () => {
    const [manager = ''] = snippet(PAGE, 'With the cookie', 'ts').split('\nconst app = express();');
    const code = `${manager.replace('knex: database, origins,', 'knex: database,')}
      const app = express();
      ${snippet(PAGE, 'With a token', 'ts')}
      app.use(sessions.restRouter(manager));`;
    const env = { PAGES: STRANGER.Origin };
    const other = await appOfSnippet(code, { express, knex: database.connect(), env, modules: { cors } });
    try {
      const signedIn = await new Browser(other.app, STRANGER).post('/sign-in', ALICE);
      expect([signedIn.status, signedIn.get('Set-Cookie')]).toEqual([200, undefined]);
      expect(signedIn.get('Access-Control-Allow-Origin')).toBe(STRANGER.Origin);
      const Authorization = `Bearer ${(signedIn.body as { token: string }).token}`;
      const signedOut = await request(other.app)
        .delete('/session')
        .set({ ...STRANGER, Authorization });
      expect(signedOut.status).toBe(204);
      const ended = await request(other.app)
        .get('/sessions')
        .set({ ...STRANGER, Authorization });
      expect([ended.status, ended.body.code]).toEqual([401, 'session-ended']);
    } finally {
      await other.manager.close();
    }
  });
});
