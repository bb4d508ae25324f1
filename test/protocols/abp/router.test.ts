import express4 from 'express4';
import express, { type Request } from 'express';
import request from 'supertest';

import {
  claims,
  currentSession,
  revokeRoute,
  sessionLookup,
  sessionSecretGuard,
  signOut,
  type SessionClaims,
} from '../../../lib';
import { abp, abpRouter, type AbpRouterOptions } from '../../../lib/protocols/abp';
import { satisfies } from '../../support/compliance';
import { AbpApp, idOf } from '../../support/abp';
import { Browser } from '../../support/browser';
import { turns } from '../../support/gate';
import { managerOn } from '../../support/manager';
import { HOUR } from '../../support/sessions';

const site = new AbpApp();

const MINUTE = 60_000;

describe('abpRouter', () => {
  beforeEach(() => site.arrange());

  it.each<[unknown, string]>([
    [undefined, 'who may administer sessions'],
    [{}, 'isGranted: (permission, request) => boolean'],
    [{ isGranted: true }, '`isGranted` is true: it must be a function'],
    [{ isGranted: null }, '`isGranted` is null'],
    [{ isGranted: () => true, currentUser: {} }, '`currentUser` is {}: it must be a function'],
    [{ isGranted: () => true, usernameOf: () => 'x' }, 'did you mean `userNameOf`?'],
    [{ isGranted: () => true, limits: [] }, '`limits` is []'],
  ])('throws TypeError when it is built with the options %j', (options, problem) => {
    const build = () => abpRouter(site.manager, options as AbpRouterOptions);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(problem);
  });

  it('throws TypeError when it is built without the manager', () => {
    expect(() => abpRouter({} as never, { isGranted: () => true })).toThrow('abpRouter(manager)');
  });

  it('passes requests for other paths on', async () => {
    site.app.get('/api/abp/application-configuration', (_, response) => response.json({ app: true }));
    expect((await request(site.app).get('/api/abp/application-configuration')).body).toEqual({ app: true });
    expect((await request(site.app).get('/api/identity')).status).toBe(404);
    expect((await request(site.app).get('/api/identity/users')).status).toBe(404);
  });

  it('returns an ABP error with 429 for a session that sends too many revocations', async () => {
    await site.arrange({ limits: { revoke: { limit: 2 } } });
    const admin = await site.admin();
    const path = '/api/identity/sessions/00000000-0000-0000-0000-000000000000';
    for (let i = 0; i < 2; i++) expect((await admin.delete(path)).status).toBe(404);
    const { status, body, headers } = await admin.delete(path);
    expect([status, body.error.code, headers['_abperrorformat']]).toEqual([429, 'too-many-requests', 'true']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await admin.delete(path.replace('identity', 'account'))).status).toBe(429);
    expect((await admin.get('/api/identity/sessions')).status).toBe(200);
    const alice = await site.signedIn();
    for (let i = 0; i < 3; i++)
      expect((await request(site.app).delete(`/api${path.slice(4)}`)).status).toBe(401);
    expect((await alice.delete(path.replace('identity', 'account'))).status).toBe(404);
  });

  it('does not limit revocations if the limit is switched off', async () => {
    await site.arrange({ limits: { revoke: false } });
    const alice = await site.signedIn();
    const path = '/api/account/sessions/00000000-0000-0000-0000-000000000000';
    for (let i = 0; i < 301; i++) expect((await alice.delete(path)).status).toBe(404);
  });

  it('returns 503, and never 401, while the database does not respond', async () => {
    const knex = site.database.connect();
    await site.arrange({ manager: { knex, lease: 0 } });
    const [admin, alice] = [await site.admin(), await site.signedIn()];
    await knex.destroy();
    for (const browser of [admin, alice]) {
      for (const path of [
        '/api/account/sessions',
        '/api/identity/sessions',
        '/api/identity/settings/session',
      ]) {
        const { status, body, headers } = await browser.get(path);
        expect([status, body.error.code, headers['set-cookie']]).toEqual([
          503,
          'store-unavailable',
          undefined,
        ]);
        expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      }
    }
  });

  it('passes errors of the app on to the app', async () => {
    const userNameOf = () => Promise.reject(new Error('no names'));
    await site.arrange({ userNameOf });
    const seen: unknown[] = [];
    site.app.use(((error, _request, response, _next) => {
      seen.push(error);
      response.sendStatus(500);
    }) satisfies express.ErrorRequestHandler);
    expect((await (await site.signedIn()).get('/api/account/sessions')).status).toBe(500);
    expect(seen).toEqual([new Error('no names')]);
  });
});

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('abpRouter in %s', (_, framework) => {
  it('responds to the calls of an administrator and of a user', async () => {
    await site.arrange({ framework });
    const [admin, alice, other] = [await site.admin(), await site.signedIn(), await site.signedIn()];
    expect((await admin.get('/api/identity/sessions?UserId=alice')).body.totalCount).toBe(2);
    expect((await admin.get('/api/identity/sessions?userId=a&userId=b')).status).toBe(400);
    expect((await admin.get('/api/identity/sessions/%zz')).body.error.code).toBe('invalid-request');
    expect((await alice.get('/api/identity/sessions')).status).toBe(403);
    expect((await alice.delete(`/api/account/sessions/${await idOf(other)}`)).status).toBe(204);
    expect((await admin.delete(`/api/identity/sessions/${await idOf(alice)}`)).status).toBe(204);
    expect((await alice.get('/api/account/sessions')).status).toBe(401);
    expect((await admin.put('/api/identity/settings/session', { preventConcurrentLogin: 1 })).status).toBe(
      204,
    );
    expect((await admin.put('/api/identity/settings/session')).status).toBe(400);
  });
});

describe('abpRouter in an app that authenticates requests itself', () => {
  /** As if a middleware before had verified the token: its claims are in the header, and a cookie does as well. */
  function currentUser({ headers }: Request): SessionClaims | undefined {
    const token = headers.authorization?.slice(7) ?? headers.cookie?.slice(4);
    return token === undefined ? undefined : (JSON.parse(token) as SessionClaims);
  }

  beforeEach(() => site.arrange({ currentUser }));

  async function claimsOf(userId: string, tenantId: string | null = null): Promise<string> {
    return JSON.stringify(claims(await site.manager.create({ userId, tenantId })));
  }

  function send(method: 'get' | 'delete', path: string, token: string) {
    return request(site.app)[method](path).set('Authorization', `Bearer ${token}`);
  }

  it('takes the session from the claim of the app', async () => {
    const one = await claimsOf('alice');
    site.clock.advance(1000);
    const two = await claimsOf('alice');
    const { items } = (await send('get', '/api/account/sessions?sorting=signedIn', one)).body;
    expect(items).toEqual([
      expect.objectContaining({ isCurrent: true }),
      expect.objectContaining({ isCurrent: false }),
    ]);
    expect((await send('delete', `/api/account/sessions/${items[1].id}`, one)).status).toBe(204);
    const refused = await send('get', '/api/account/sessions', two);
    expect(refused.body.error.code).toBe('session-ended');
    expect(refused.headers['www-authenticate']).toContain('error_description="The session was ended');
  });

  it('limits administrators to the tenant of their session', async () => {
    const admin = await claimsOf('admin', 'acme');
    await claimsOf('bob');
    expect((await send('get', '/api/identity/sessions', admin)).body.totalCount).toBe(1);
    expect((await send('get', '/api/identity/sessions', await claimsOf('alice', 'acme'))).status).toBe(403);
  });

  it.each([
    ['undefined', undefined, 'credentials-missing'],
    ['claims without a session', {}, 'credentials-invalid'],
    ['an unknown session', { sid: '0'.repeat(32) }, 'credentials-invalid'],
    ['a session id that is a number', { sid: 5 }, 'credentials-invalid'],
  ])('returns 401 if currentUser returns %s', async (_, user, code) => {
    await site.arrange({ currentUser: () => user });
    const { status, body } = await request(site.app).get('/api/account/sessions');
    expect([status, body.error.code]).toEqual([401, code]);
  });

  it("does not accept this package's own credentials", async () => {
    await site.arrange({ currentUser: () => undefined });
    const admin = await site.admin();
    expect((await admin.get('/api/identity/sessions')).status).toBe(401);
  });

  it('requires writes with cookies to come from the same origin, but not writes with a bearer token', async () => {
    const [token, other] = [await claimsOf('alice'), JSON.parse(await claimsOf('alice')) as { sid: string }];
    const path = `/api/account/sessions/${other.sid}`;
    const byCookie = () => request(site.app).delete(path).set('Cookie', `jwt=${token}`);
    expect((await byCookie().set('Sec-Fetch-Site', 'cross-site')).body.error.code).toBe('cross-site');
    expect((await byCookie().set('Origin', 'https://evil.example')).status).toBe(403);
    // These a browser sends by itself once it knows them.
    for (const known of ['Basic c3RhZ2luZzp4', 'Negotiate YII', 'Bearer']) {
      const sent = byCookie().set({ Authorization: known, 'Sec-Fetch-Site': 'cross-site' });
      expect((await sent).body.error.code).toBe('cross-site');
    }
    expect((await send('delete', path, token).set('Sec-Fetch-Site', 'cross-site')).status).toBe(204);
    expect((await byCookie().set('Sec-Fetch-Site', 'same-origin')).status).toBe(204);
  });

  it('does not clear the cookies of the app when a session ends', async () => {
    const token = await claimsOf('alice');
    const { sid } = JSON.parse(token) as { sid: string };
    const { status, headers } = await send('delete', `/api/account/sessions/${sid}`, token).set(
      'Cookie',
      '__Host-Http-identity=a; __Host-Http-identity=b',
    );
    expect([status, headers['set-cookie']]).toEqual([204, undefined]);
  });
});

describe('the language of refusals', () => {
  const GERMAN = { 'Accept-Language': 'de-AT,de;q=0.9' };

  it('is the language of the reader', async () => {
    await site.arrange({
      manager: { translations: { fr: { refusals: { 'Sign in first.': 'Connectez-vous.' } } } },
    });
    const path = '/api/account/sessions';
    const missing = (language: string) => request(site.app).get(path).set('Accept-Language', language);
    expect((await missing('de')).body.error.message).toBe('Bitte melden Sie sich zuerst an.');
    expect((await missing('fr')).body.error.message).toBe('Connectez-vous.');
    expect((await missing('ja')).body.error.message).toBe('Sign in first.');
    const { error } = (await (await site.signedIn({}, GERMAN)).get(`${path}?skipCount=x`)).body;
    expect([error.message, error.details]).toEqual([
      'Die Anfrage ist ungültig.',
      '„skipCount“ muss eine ganze Zahl von 0 bis 100000 sein.',
    ]);
    expect((await request(site.app).get('/session').set(GERMAN)).body.detail).toBe(
      'Bitte melden Sie sich zuerst an.',
    );
  });

  it.each([
    [{}, 'A newer sign-in displaced this session; sign in again.'],
    [GERMAN, 'Eine neuere Anmeldung hat diese Sitzung verdrängt. Bitte melden Sie sich erneut an.'],
  ])(
    'tells the user of a displaced session that it was displaced, with the headers %j',
    async (headers, message) => {
      await site.arrange({ manager: { preventConcurrentLogin: 'LogoutFromAllDevices' } });
      const displaced = await site.signedIn({}, headers);
      await site.signedIn();
      const { status, body, headers: answered } = await displaced.get('/api/account/sessions');
      expect([status, body.error.message, body.error.data]).toEqual([401, message, { reason: 'displaced' }]);
      expect(answered['www-authenticate']).toContain('displaced by a newer sign-in');
      expect((await displaced.get('/session')).body.detail).toBe(message);
    },
  );
});

describe('the verbs with the ABP dialect', () => {
  it('respond in the form of ABP', async () => {
    await site.arrange();
    const { app, manager } = site;
    const dialect = abp(manager.settings);
    const guard = sessionSecretGuard(manager, { dialect });
    app.get('/own/session', guard, currentSession(manager, { dialect }));
    app.get('/own/sessions', guard, sessionLookup(manager, { dialect }));
    app.delete('/own/sessions/:id', guard, revokeRoute(manager, { dialect }));
    app.delete('/own/session', signOut(manager, { dialect }));
    const [one, two] = [await site.signedIn(), await site.signedIn()];
    const { id } = (await two.get('/own/session')).body;
    expect((await one.get('/own/sessions')).body).toMatchObject({ totalCount: 2, items: [{}, {}] });
    expect((await one.delete(`/own/sessions/${id}`)).status).toBe(204);
    expect((await two.get('/own/session')).body.error.code).toBe('session-ended');
    expect((await one.delete('/own/session')).status).toBe(204);
    expect(one.cookies.size).toBe(0);
  });
});

/** Faults of ABP's own session management, known from its issues and its design. */
describe('faults that ABP has and this package does not have', () => {
  interface Row {
    user_id: string;
    last_accessed: Date;
    ip_addresses: string;
  }

  async function listed(browser: Browser, query: string): Promise<{ id: string; lastAccessed: string }[]> {
    return (await browser.get(`/api/identity/sessions?${query}`)).body.items;
  }

  /** The row of a user's only session, as soon as it has been written anew. */
  async function written(
    userId: string,
    before: number,
  ): Promise<{ last_accessed: Date; ip_addresses: string }> {
    for (let attempt = 0; attempt < 1000; attempt++) {
      const row = await site.database.knex<Row>('identity_sessions').where({ user_id: userId }).first();
      if (Number(row?.last_accessed) > before) return row!;
    }
    throw new Error('It was never written.');
  }

  it('abp#26028: a late request of an ended session does not clear the new cookie of another tab', async () => {
    await site.arrange();
    const tab = await site.signedIn();
    const late = tab.cookieHeader;
    await (await site.admin()).delete(`/api/identity/sessions/${await idOf(tab)}`);
    await tab.post('/sign-in', { userId: 'alice' });
    for (const path of ['/api/account/sessions', '/api/identity/sessions', '/private']) {
      const { status, headers } = await request(site.app).get(path).set('Cookie', late);
      expect([status, headers['set-cookie']]).toEqual([401, undefined]);
    }
    expect((await tab.get('/api/account/sessions')).status).toBe(200);
  });

  it('writes the last access after a time, so that one request in 15 minutes is recorded', async () => {
    await site.arrange();
    const alice = await site.signedIn();
    let used = 0;
    for (let i = 0; i < 3; i++) {
      const before = site.clock.now();
      site.clock.advance(15 * MINUTE);
      used = site.clock.now();
      await alice.get('/private');
      // The interval of touches, and the second within which what is due is written.
      site.clock.advance(MINUTE);
      await turns();
      site.clock.advance(1000);
      expect((await written('alice', before)).last_accessed.getTime()).toBe(used);
    }
    const [seen] = await listed(await site.admin(), 'userId=alice');
    expect(seen!.lastAccessed).toBe(new Date(used).toISOString());
  });

  it('keeps all addresses between two writes, not only the last', async () => {
    await site.arrange();
    const alice = await site.signedIn();
    const before = site.clock.now();
    site.clock.advance(100);
    const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    for (const address of addresses) {
      await request(site.app).get('/private').set({ Cookie: alice.cookieHeader, 'X-Forwarded-For': address });
    }
    site.clock.advance(1000);
    expect((await written('alice', before)).ip_addresses).toBe(['127.0.0.1', ...addresses].join(','));
  });

  it('leaves exactly one live session after 24 parallel logins on six nodes under LogoutFromAllDevices', async () => {
    await site.arrange();
    const others = Array.from({ length: 5 }, () =>
      managerOn({ knex: site.database.connect(), clock: site.clock }),
    );
    const apps = [site.app, ...others.map((other) => site.appOn(other))];
    const admin = await site.admin();
    await admin.put('/api/identity/settings/session', { preventConcurrentLogin: 2 });
    let browsers: Browser[] = [];
    for (let round = 0; round < 6; round++) {
      browsers = Array.from({ length: 24 }, (_, i) => new Browser(apps[i % 6]!));
      await Promise.all(browsers.map((browser) => browser.post('/sign-in', { userId: 'alice' })));
      expect((await admin.get('/api/identity/sessions?userId=alice')).body.totalCount).toBe(1);
    }
    site.clock.advance(2000);
    const answers = await Promise.all(browsers.map((browser) => browser.get('/api/account/sessions')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await Promise.all(others.map((other) => other.close()));
  });

  it('refuses a session within the lease after its row was deleted, even if it is cached', async () => {
    await site.arrange();
    const alice = await site.signedIn();
    expect((await alice.get('/api/account/sessions')).status).toBe(200);
    await site.database.knex('identity_sessions').delete();
    site.clock.advance(2000);
    expect((await alice.get('/api/account/sessions')).status).toBe(401);
  });

  it.each(['signedIn', 'signedIn desc', 'lastAccessed desc', 'device asc', 'deviceInfo desc'])(
    'sorts by %j before it pages, so that the pages form one ordered list',
    async (sorting) => {
      await site.arrange();
      const admin = await site.admin();
      for (let i = 0; i < 11; i++) {
        if (i % 3 === 0) site.clock.advance(1000);
        await site.manager.create({ userId: 'bob', device: i % 2 ? 'Web' : 'OAuth' });
      }
      const order = `sorting=${encodeURIComponent(sorting)}&userId=bob`;
      const whole = await listed(admin, `${order}&maxResultCount=1000`);
      const pages = [];
      for (let skip = 0; skip < 12; skip += 4) {
        pages.push(...(await listed(admin, `${order}&maxResultCount=4&skipCount=${skip}`)));
      }
      expect(pages).toEqual(whole);
      expect(new Set(whole.map(({ id }) => id)).size).toBe(11);
    },
  );

  it.each([
    'signedIn; drop table identity_sessions',
    'secretHash',
    '1, (select pg_sleep(1))',
    'signedIn desc nulls first',
  ])('rejects the sorting %j, so that no text of a request becomes SQL', async (sorting) => {
    await site.arrange();
    const [admin, alice] = [await site.admin(), await site.signedIn()];
    for (const path of ['/api/identity/sessions', '/api/account/sessions']) {
      const browser = path.includes('identity') ? admin : alice;
      const { status, body } = await browser.get(`${path}?sorting=${encodeURIComponent(sorting)}`);
      expect([status, body.error.validationErrors[0].members]).toEqual([400, ['sorting']]);
    }
  });

  it('ends an idle session on the server, independent of the idle settings', async () => {
    await site.arrange();
    const alice = await site.signedIn();
    expect((await (await site.admin()).get('/api/account-admin/settings/idle')).body.enabled).toBe(false);
    site.clock.advance(HOUR);
    const { status, body, headers } = await alice.get('/api/account/sessions');
    expect([status, body.error.code]).toEqual([401, 'session-expired']);
    expect(headers['www-authenticate']).toContain('error_description="The session has expired');
  });
});

describe('abpRouter with the option recent', () => {
  it(
    satisfies(
      'requires a recent authentication to end other sessions, but not to list them or to end the own one',
      'ASVS 7.5.2',
    ),
    async () => {
      await site.arrange({ recent: { maxAge: '10M' } });
      const [admin, alice, phone] = [await site.admin(), await site.signedIn(), await site.signedIn()];
      const [own, other] = [await idOf(alice), await idOf(phone)];
      site.clock.advance(10 * MINUTE + 1);
      for (const [browser, path] of [
        [alice, `/api/account/sessions/${other}`],
        [admin, `/api/identity/sessions/${other}`],
      ] as const) {
        const { status, body, headers } = await browser.delete(path);
        expect([status, body.error.code]).toEqual([401, 'authentication-insufficient']);
        expect(headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
      }
      for (const path of ['/api/identity/settings/session', '/api/account-admin/settings/idle']) {
        const { status, body } = await admin.get(path);
        expect(status).toBe(200);
        expect((await admin.put(path, body)).body.error.code).toBe('authentication-insufficient');
      }
      expect((await alice.get('/api/account/sessions')).body.items).toHaveLength(2);
      expect((await admin.get('/api/identity/sessions')).status).toBe(200);
      expect((await alice.delete(`/api/account/sessions/${own}`)).status).toBe(204);
    },
  );
});

describe('abpRouter with cookies for frames of other sites', () => {
  it('clears the cookie with the attributes that it was set with', async () => {
    await site.arrange({ manager: { cookies: { sameSite: 'none', partitioned: true } } });
    const browser = await site.signedIn();
    const response = await browser.delete(`/api/account/sessions/${await idOf(browser)}`);
    expect(response.status).toBe(204);
    expect(response.get('Set-Cookie')).toEqual([
      '__Host-Http-identity=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned',
    ]);
  });
});
