import express4 from 'express4';
import cookieParser from 'cookie-parser';
import express, { type Express } from 'express';
import request from 'supertest';

import { rest, restRouter, type IdentitySessionManager } from '../../lib';
import { satisfies } from '../support/compliance';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { bearerOf, cookieOf } from '../support/credentials';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';
import { DAY, HOUR } from '../support/sessions';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let database: TestDatabase;
let clock: FakeClock;
let manager: IdentitySessionManager;
let app: Express;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  clock = new FakeClock();
  manager = managerOn({ knex: database.knex, clock });
  app = appOn(manager);
});
afterEach(() => manager.close());
afterAll(() => database.destroy());

async function signedIn(facts: object = {}, userAgent = FIREFOX): Promise<Browser> {
  const browser = new Browser(app, { 'User-Agent': userAgent });
  const { status } = await browser.post('/sign-in', { userId: 'alice', ...facts });
  expect(status).toBe(200);
  return browser;
}

async function idOf(browser: Browser): Promise<string> {
  return (await browser.get('/session')).body.session.id;
}

describe('the sign-in of an app with restRouter', () => {
  it(
    satisfies(
      'keeps the secret in the cookie only, out of all bodies and the database',
      'ASVS 3.3.4',
      'NIST 5.1 secret',
      'NIST 5.1 intermediaries',
    ),
    async () => {
      const browser = await signedIn();
      const secret = browser.cookieHeader.split('.')[1]!;
      const bodies = await Promise.all(
        ['/session', '/sessions', '/private'].map((path) => browser.get(path)),
      );
      const rows = await database.knex.raw<{ rows: unknown[] }>('select * from identity_sessions');
      const hash = (await database.knex('identity_sessions').first<{ secret_hash: Buffer }>()).secret_hash;
      for (const text of [...bodies.map(({ text }) => text), JSON.stringify(rows.rows)]) {
        expect(text).not.toContain(secret);
      }
      for (const { text } of bodies) expect(text).not.toContain(hash.toString('hex'));
    },
  );

  it(
    satisfies('ends the session of the previous cookie, even if it belonged to another user', 'ASVS 7.2.4'),
    async () => {
      const browser = await signedIn();
      const before = browser.cookieHeader;
      await browser.post('/sign-in', { userId: 'bob' });
      expect(browser.cookieHeader).not.toBe(before);
      expect((await browser.get('/private')).body.userId).toBe('bob');
      const old = await request(app).get('/private').set('Cookie', before);
      expect(old.body).toMatchObject({ status: 401, code: 'session-ended', reason: 'replaced' });
    },
  );
});

describe('GET /sessions with several nodes', () => {
  it.each([true, false])(
    'lists the sessions of all nodes with globalLookup, otherwise of one node: %p',
    async (globalLookup) => {
      const nodes = ['one', 'two'].map((nodeId) =>
        managerOn({ knex: database.knex, clock, nodeId, globalLookup }),
      );
      try {
        const [one, two] = nodes.map((node) => new Browser(appOn(node))) as [Browser, Browser];
        for (const browser of [one, two]) await browser.post('/sign-in', { userId: 'alice' });
        const listed = async (browser: Browser) => {
          const { sessions } = (await browser.get('/sessions')).body as { sessions: { id: string }[] };
          return sessions.map(({ id }) => id).sort();
        };
        const ids = [await idOf(one), await idOf(two)];
        expect(await listed(one)).toEqual(globalLookup ? ids.sort() : [ids[0]]);
        expect(await listed(two)).toEqual(globalLookup ? ids.sort() : [ids[1]]);
      } finally {
        await Promise.all(nodes.map((node) => node.close()));
      }
    },
  );
});

describe('a guarded request', () => {
  it('is accepted with the cookie and has the session', async () => {
    const browser = await signedIn({
      tenantId: 'acme',
      clientId: 'mail',
      extraProperties: { role: 'admin' },
    });
    expect((await browser.get('/private')).body).toMatchObject({
      userId: 'alice',
      tenantId: 'acme',
      clientId: 'mail',
      extraProperties: { role: 'admin' },
      deviceInfo: 'Firefox 140 on Linux',
      lastAccessed: clock.now(),
    });
  });

  it('gets 401 with a challenge and a problem document without credentials', async () => {
    const response = await request(app).get('/private');
    expect(response.status).toBe(401);
    expect(response.get('WWW-Authenticate')).toBe('Bearer');
    expect(response.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
    expect(response.get('Cache-Control')).toBe('no-store');
    expect(response.body).toEqual({
      title: 'Unauthorized',
      status: 401,
      detail: 'Sign in first.',
      code: 'credentials-missing',
    });
  });

  it(
    satisfies(
      'and its refusal are JSON, never a script or a page, and no page of another origin can embed them',
      'ASVS 3.2.1',
      'ASVS 3.4.4',
      'ASVS 3.5.6',
      'ASVS 3.5.8',
    ),
    async () => {
      const alice = await signedIn();
      const answers = await Promise.all([
        alice.get('/sessions?callback=steal&jsonp=steal'),
        alice.get('/session'),
        request(app).get('/sessions?callback=steal'),
        request(app).delete('/sessions/others'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401]);
      for (const { headers, text } of answers) {
        expect(headers).toMatchObject({
          'content-type': expect.stringMatching(/^application\/(problem\+)?json; charset=utf-8$/),
          'x-content-type-options': 'nosniff',
          'cross-origin-resource-policy': 'same-origin',
        });
        expect(text).toMatch(/^\{/);
      }
    },
  );

  it(
    satisfies('gets the same 401 for an unknown id, a wrong secret and a malformed value', 'ASVS 7.2.1'),
    async () => {
      const [id, secret] = (await signedIn()).cookieHeader.split('=')[1]!.split('.') as [string, string];
      const other = (await signedIn()).cookieHeader.split('.')[1]!;
      const values = [
        `${'0'.repeat(32)}.${secret}`,
        `${id}.${other}`,
        `${id}.${secret}x`,
        `${id}.${secret.slice(1)}`,
        `${id.toUpperCase()}X.${secret}`,
        `${id.replace(/[a-f]/, 'A')}.${secret}`,
        `${id.slice(1)}}.${secret}`,
        `${id}.${secret.slice(1)}+`,
        `${id}${secret}`,
        `"${id}.${secret}"`,
        'junk',
        '%00',
        '',
      ];
      const answers = await Promise.all(
        values.map((value) => request(app).get('/private').set('Cookie', `__Host-Http-identity=${value}`)),
      );
      for (const { status, text, headers } of answers) {
        expect([status, text, headers['set-cookie']]).toEqual([401, answers[0]!.text, undefined]);
      }
    },
  );

  it('gets 400 with code credentials-ambiguous for two session cookies in any order', async () => {
    const { cookieHeader } = await signedIn();
    for (const both of [
      `${cookieHeader}; __Host-Http-identity=evil`,
      `__Host-Http-identity=evil; ${cookieHeader}`,
    ]) {
      const response = await request(app).get('/private').set('Cookie', both);
      expect(response.status).toBe(400);
      expect(response.body.code).toBe('credentials-ambiguous');
    }
  });

  it('gets 403 for a write from another origin', async () => {
    const { cookieHeader } = await signedIn();
    const write = (headers: Record<string, string>) =>
      request(app).post('/private').set('Cookie', cookieHeader).set(headers);
    expect((await write({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    expect((await write({})).status).toBe(200);
    for (const site of ['cross-site', 'same-site']) {
      expect((await write({ 'Sec-Fetch-Site': site })).status).toBe(403);
    }
    expect((await write({ Origin: 'https://evil.example' })).status).toBe(403);
  });

  it('wakes a hibernating session', async () => {
    const browser = await signedIn({ staySignedIn: true });
    clock.advance(3 * DAY);
    expect((await browser.get('/private')).status).toBe(200);
    clock.advance(6 * DAY);
    expect((await browser.get('/private')).status).toBe(200);
  });

  it(
    satisfies(
      'gets code session-expired after the short lifetime',
      'ASVS 7.3.1',
      'NIST 5.1 end',
      'NIST 5.1.1 expiry',
    ),
    async () => {
      const browser = await signedIn();
      clock.advance(HOUR);
      expect((await browser.get('/private')).body.code).toBe('session-expired');
    },
  );
});

describe('a client with a bearer token', () => {
  async function token(): Promise<string> {
    const response = await request(app).post('/sign-in').send({ userId: 'alice', transport: 'bearer' });
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect(response.body.token).toMatch(/^eis_[0-9a-f]{32}\.[A-Za-z0-9_-]{43}$/);
    return response.body.token;
  }

  it('is accepted with the token of the sign-in, from any origin', async () => {
    const bearer = `Bearer ${await token()}`;
    const read = await request(app).get('/private').set('Authorization', bearer);
    const write = await request(app)
      .post('/private')
      .set('Authorization', bearer)
      .set('Sec-Fetch-Site', 'cross-site');
    expect([read.status, write.status]).toEqual([200, 200]);
  });

  it('gets the challenge invalid_token for an invalid token', async () => {
    const response = await request(app)
      .get('/private')
      .set('Authorization', `Bearer eis_${'0'.repeat(32)}.x`);
    expect(response.status).toBe(401);
    expect(response.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('gets 400 if it also sends a session cookie', async () => {
    const { cookieHeader } = await signedIn();
    const response = await request(app)
      .get('/private')
      .set('Cookie', cookieHeader)
      .set('Authorization', `Bearer ${await token()}`);
    expect(response.status).toBe(400);
  });

  it('can send tokens of the app, which are ignored', async () => {
    const { cookieHeader } = await signedIn();
    const response = await request(app)
      .get('/private')
      .set('Cookie', cookieHeader)
      .set('Authorization', 'Bearer jwt');
    expect(response.status).toBe(200);
    expect((await request(app).get('/private').set('Authorization', 'Bearer jwt')).body.code).toBe(
      'credentials-missing',
    );
  });
});

describe('GET /session', () => {
  it(satisfies('does not keep the session alive', 'NIST 5.2 warning'), async () => {
    const browser = await signedIn();
    for (let minutes = 0; minutes < 60; minutes += 10) {
      expect((await browser.get('/session')).status).toBe(200);
      clock.advance(600_000);
    }
    expect((await browser.get('/session')).status).toBe(401);
  });
});

describe('GET /sessions', () => {
  it("lists the caller's sessions, newest sign-in first, and marks the current one", async () => {
    const older = await signedIn();
    clock.advance(1000);
    const newer = await signedIn({}, 'curl/8.5.0');
    await new Browser(app).post('/sign-in', { userId: 'bob' });
    const { sessions } = (await older.get('/sessions')).body;
    expect(sessions).toEqual([
      expect.objectContaining({ id: await idOf(newer), current: false }),
      expect.objectContaining({ id: await idOf(older), current: true }),
    ]);
  });

  it('shows the last use of each session, including the latest requests on this node', async () => {
    const [one, two] = [await signedIn(), await signedIn()];
    clock.advance(30_000);
    await two.get('/private');
    const { sessions } = (await one.get('/sessions')).body;
    for (const session of sessions) expect(session.lastAccessed).toBe('2026-01-15T12:00:30.000Z');
  });
});

describe('DELETE /sessions/:id', () => {
  it('returns 204, and the next request of the ended session gets 401', async () => {
    const [mine, stolen] = [await signedIn(), await signedIn()];
    const id = await idOf(stolen);
    const response = await mine.delete(`/sessions/${id}`);
    expect([response.status, response.text, response.get('Cache-Control')]).toEqual([204, '', 'no-store']);
    const refused = await stolen.get('/private');
    expect(refused.body).toMatchObject({ status: 401, code: 'session-ended', reason: 'revoked' });
    expect((await mine.get('/private')).status).toBe(200);
  });

  it('returns 403 if another site sent the request', async () => {
    const [mine, other] = [await signedIn(), await signedIn()];
    const response = await request(app)
      .delete(`/sessions/${await idOf(other)}`)
      .set('Cookie', mine.cookieHeader)
      .set('Sec-Fetch-Site', 'cross-site');
    expect(response.status).toBe(403);
    expect((await other.get('/private')).status).toBe(200);
  });
});

describe('DELETE /sessions/others and /sessions/all', () => {
  it('end all other sessions', async () => {
    const mine = await signedIn();
    const others = [await signedIn(), await signedIn()];
    expect((await mine.delete('/sessions/others')).status).toBe(204);
    expect((await mine.get('/private')).status).toBe(200);
    for (const other of others) expect((await other.get('/private')).status).toBe(401);
  });

  it('end the current session too with /all and clear its cookie', async () => {
    const [mine, other] = [await signedIn(), await signedIn()];
    const before = mine.cookieHeader;
    expect((await mine.delete('/sessions/all')).status).toBe(204);
    expect(mine.cookies.size).toBe(0);
    expect((await request(app).get('/private').set('Cookie', before)).status).toBe(401);
    expect((await other.get('/private')).status).toBe(401);
  });
});

describe.each([
  ['the option of the router', {}, { recent: { maxAge: '10M' } }],
  ['the option of the manager', { recency: '10M' }, {}],
])('ending sessions with a recent authentication, by %s', (_, options, routerOptions) => {
  beforeEach(async () => {
    await manager.close();
    manager = managerOn({ knex: database.knex, clock, ...options });
    app = appOn(manager, routerOptions);
  });

  it(satisfies('refuses to end other sessions after that time, and ends none', 'ASVS 7.5.2'), async () => {
    const [desk, phone] = [await signedIn(), await signedIn()];
    clock.advance(600_001);
    for (const path of [`/sessions/${await idOf(phone)}`, '/sessions/others', '/sessions/all']) {
      const { status, body, headers } = await desk.delete(path);
      expect([status, body.code, body.required]).toEqual([
        401,
        'authentication-insufficient',
        { maxAge: 600 },
      ]);
      expect(headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
      expect(headers['set-cookie']).toBeUndefined();
    }
    expect((await desk.get('/sessions')).body.sessions).toHaveLength(2);
  });

  it(satisfies('never refuses to read lists or to end the own session', 'ASVS 7.5.2'), async () => {
    const [desk, phone] = [await signedIn(), await signedIn()];
    clock.advance(600_001);
    for (const path of ['/session', '/sessions', '/sessions/trail', '/private']) {
      expect((await desk.get(path)).status).toBe(200);
    }
    expect((await desk.delete(`/sessions/${await idOf(desk)}`)).status).toBe(204);
    expect((await phone.delete('/session')).status).toBe(204);
  });

  it('ends other sessions until then, and again after a new sign-in', async () => {
    const [desk, phone] = [await signedIn(), await signedIn()];
    clock.advance(600_000);
    expect((await desk.delete(`/sessions/${await idOf(phone)}`)).status).toBe(204);
    clock.advance(1);
    expect((await desk.delete('/sessions/others')).status).toBe(401);
    await desk.post('/sign-in', { userId: 'alice' });
    expect((await desk.delete('/sessions/others')).status).toBe(204);
  });
});

it('restRouter with `recent: false` requires no recent authentication, whatever the manager says', async () => {
  await manager.close();
  manager = managerOn({ knex: database.knex, clock, recency: '10M' });
  app = appOn(manager, { recent: false });
  const browser = await signedIn();
  clock.advance(600_001);
  expect((await browser.delete('/sessions/others')).status).toBe(204);
});

describe('DELETE /sessions without an id', () => {
  it.each([
    '/sessions',
    '/sessions/',
    '/sessions//',
    '/sessions?id=',
    '/sessions?current=true',
    '/sessions/%20',
  ])('ends no session: %s', async (path) => {
    const [mine, other] = [await signedIn(), await signedIn()];
    expect((await mine.delete(path)).status).toBe(404);
    for (const browser of [mine, other]) expect((await browser.get('/private')).status).toBe(200);
  });
});

describe('DELETE /session', () => {
  it('ends the session with the reason signed-out and clears its cookie', async () => {
    const browser = await signedIn();
    const before = browser.cookieHeader;
    expect((await browser.delete('/session')).status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    const old = await request(app).get('/private').set('Cookie', before);
    expect(old.body).toMatchObject({ code: 'session-ended', reason: 'signed-out' });
  });
});

describe('the limits of restRouter', () => {
  it('return 429 with Retry-After after too many failed autologins', async () => {
    app = appOn(manager, { limits: { autologin: { limit: 3 } } });
    const attempt = () => request(app).post('/session/autologin');
    for (let i = 0; i < 3; i++) expect((await attempt()).status).toBe(401);
    const refused = await attempt();
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('too-many-requests');
    expect(Number(refused.get('Retry-After'))).toBeGreaterThan(0);
  });

  it('do not count successful autologins', async () => {
    app = appOn(manager, { limits: { autologin: { limit: 2 } } });
    const browser = await signedIn({ staySignedIn: true });
    for (let i = 0; i < 5; i++) expect((await browser.post('/session/autologin')).status).toBe(200);
  });

  it('do not count 503 responses during an outage', async () => {
    const knex = database.connect();
    const away = managerOn({ knex, clock, lease: 0 });
    app = appOn(away, { limits: { autologin: { limit: 2 } } });
    const browser = await signedIn({ staySignedIn: true });
    await knex.destroy();
    for (let i = 0; i < 4; i++) expect((await browser.post('/session/autologin')).status).toBe(503);
    await away.close();
  });

  it('return 429 after too many revocations', async () => {
    app = appOn(manager, { limits: { revoke: { limit: 2 } } });
    const browser = await signedIn();
    for (let i = 0; i < 2; i++) expect((await browser.delete('/sessions/others')).status).toBe(204);
    expect((await browser.delete('/sessions/others')).status).toBe(429);
  });

  it('count revocations by session, so that others at the same address cannot use them up', async () => {
    app = appOn(manager, { limits: { revoke: { limit: 2 } } });
    const [mine, thief] = [await signedIn(), await signedIn()];
    for (let i = 0; i < 5; i++) expect((await request(app).delete('/sessions/others')).status).toBe(401);
    for (let i = 0; i < 3; i++) await thief.delete(`/sessions/${'0'.repeat(32)}`);
    expect((await thief.delete(`/sessions/${'0'.repeat(32)}`)).status).toBe(429);
    expect((await mine.delete('/sessions/others')).status).toBe(204);
    expect((await thief.get('/private')).status).toBe(401);
  });

  it('can be disabled with false', async () => {
    app = appOn(manager, { limits: { autologin: false } });
    for (let i = 0; i < 150; i++) expect((await request(app).post('/session/autologin')).status).toBe(401);
  });

  it.each([
    [5, '`limits` is 5: it must be an object'],
    [false, '`limits` is false: it must be an object'],
    [{ revoke: true }, '`limits.revoke` is true: it must be false or an object'],
  ])('throw a TypeError for the invalid value %j', (limits, problem) => {
    expect(() => restRouter(manager, { limits } as never)).toThrow(problem);
  });
});

describe('restRouter with a custom dialect', () => {
  it('answers every route in the form of the dialect, including refusals', async () => {
    const { cookieHeader } = await signedIn();
    const answer = (status: number) => () => ({ status, headers: {}, cookies: [] });
    const answers = {
      refusal: answer(418),
      session: answer(291),
      sessions: answer(292),
      opened: answer(293),
      revoked: answer(294),
    };
    app = appOn(manager, { dialect: { ...rest(manager.settings), ...answers } });
    async function statuses(headers: Record<string, string>): Promise<number[]> {
      const all: number[] = [];
      for (const asking of [
        request(app).get('/session'),
        request(app).get('/sessions'),
        request(app).post('/session/autologin'),
        request(app).delete(`/sessions/${'0'.repeat(32)}`),
        request(app).delete('/sessions/others'),
        request(app).delete('/sessions/all'),
        request(app).delete('/session'),
      ]) {
        all.push((await asking.set(headers)).status);
      }
      return all;
    }
    expect(await statuses({ 'Sec-Fetch-Site': 'cross-site' })).toEqual(Array(7).fill(418));
    expect(await statuses({ Cookie: cookieHeader })).toEqual([291, 292, 293, 418, 294, 294, 294]);
  });
});

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('restRouter in %s', (_, framework) => {
  it.each([
    ['with', [cookieParser()]],
    ['without', []],
  ])('opens, checks, lists and ends sessions %s cookie-parser', async (__, before) => {
    app = appOn(manager, { framework, before });
    const [mine, other] = [await signedIn(), await signedIn()];
    expect((await mine.get('/private')).status).toBe(200);
    expect((await mine.get('/sessions')).body.sessions).toHaveLength(2);
    expect((await mine.delete(`/sessions/${await idOf(other)}`)).status).toBe(204);
    expect((await other.get('/private')).status).toBe(401);
    expect((await mine.post('/session/autologin')).status).toBe(200);
    expect((await mine.delete('/session')).status).toBe(204);
    expect((await request(app).post('/sign-in').send({ userId: '' })).status).toBe(400);
    const malformed = await mine.delete('/sessions/%ff');
    expect(malformed.get('Content-Type')).toContain('application/problem+json');
    expect([malformed.status, malformed.body.code]).toEqual([400, 'invalid-request']);
  });
});

describe('two nodes on one database', () => {
  it(satisfies('refuse a session that the other one ended, within the lease', 'ASVS 7.4.1'), async () => {
    const other = managerOn({ knex: database.knex, clock });
    const elsewhere = appOn(other);
    const [mine, stolen] = [await signedIn(), await signedIn()];
    const there = new Browser(elsewhere);
    for (const [name, value] of stolen.cookies) there.cookies.set(name, value);
    expect((await there.get('/private')).status).toBe(200);
    await mine.delete(`/sessions/${await idOf(stolen)}`);
    clock.advance(2000);
    expect((await there.get('/private')).body.code).toBe('session-ended');
    await other.close();
  });
});

describe('GET /sessions', () => {
  it('returns pages by limit and after, and refuses invalid ones', async () => {
    const first = await signedIn();
    clock.advance(1000);
    await signedIn();
    const page = await first.get('/sessions?limit=1');
    expect(page.body.sessions).toMatchObject([{ current: false }]);
    const rest = await first.get(`/sessions?limit=1&after=${page.body.next}`);
    expect(rest.body).toEqual({ sessions: [expect.objectContaining({ current: true })] });
    for (const query of ['limit=0', 'limit=1001', 'limit=', 'limit=1&limit=2', 'after=', 'after=a&after=b']) {
      const { status, body } = await first.get(`/sessions?${query}`);
      expect([query, status, body.code]).toEqual([query, 400, 'invalid-request']);
    }
  });
});

describe('the cookie for frames of other sites', () => {
  const FRAME = 'Path=/; HttpOnly; Secure; SameSite=None; Partitioned';

  it('has the same attributes in every response that sets or clears it', async () => {
    const framed = managerOn({
      knex: database.knex,
      clock,
      cookies: { sameSite: 'none', partitioned: true },
    });
    try {
      const browser = new Browser(appOn(framed));
      const signIn = () => browser.post('/sign-in', { userId: 'alice' });
      const responses = [
        await signIn(),
        await browser.post('/session/autologin'),
        await browser.delete('/session'),
        await signIn(),
        await browser.delete(`/sessions/${await idOf(browser)}`),
        await signIn(),
        await browser.delete('/sessions/all'),
      ];
      for (const response of responses) {
        const [cookie = ''] = response.get('Set-Cookie') ?? [];
        expect(cookie.replace(/^__Host-Http-identity=[^;]*; |Max-Age=0; /g, '')).toBe(FRAME);
      }
    } finally {
      await framed.close();
    }
  });

  it('proves a write only if the request names its origin, which a token need not do', async () => {
    const framed = managerOn({
      knex: database.knex,
      clock,
      cookies: { sameSite: 'none', partitioned: true },
    });
    try {
      const opened = await framed.open({ userId: 'alice' });
      const write = (headers: Record<string, string>) => request(appOn(framed)).post('/private').set(headers);
      const Cookie = cookieOf(opened);
      expect((await write({ Cookie })).body).toMatchObject({ status: 403, code: 'cross-site' });
      expect((await write({ Cookie, Origin: 'null' })).status).toBe(403);
      expect((await write({ Cookie, Host: 'app.example', Origin: 'https://app.example' })).status).toBe(200);
      expect((await write({ Authorization: bearerOf(opened) })).status).toBe(200);
    } finally {
      await framed.close();
    }
  });
});
