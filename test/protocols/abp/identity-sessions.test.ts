import request from 'supertest';

import { AbpApp, idOf } from '../../support/abp';
import type { Browser } from '../../support/browser';
import { managerOn } from '../../support/manager';
import { HOUR } from '../../support/sessions';

const site = new AbpApp();
const LIST = '/api/identity/sessions';
const UNKNOWN = '00000000-0000-0000-0000-000000000000';

interface Item {
  readonly id: string;
  readonly userId: string;
  readonly isCurrent: boolean;
  readonly tenantId: string | null;
}

async function listed(browser: Browser, query = ''): Promise<{ items: Item[]; totalCount: number }> {
  const { status, body } = await browser.get(`${LIST}?${query}`);
  expect(status).toBe(200);
  return body;
}

const users = ({ items }: { items: Item[] }) => items.map(({ userId }) => userId);

describe('GET /identity/sessions', () => {
  beforeEach(() => site.arrange());

  it('returns the sessions of all users in the form of ABP and marks the current one', async () => {
    const admin = await site.admin();
    await site.signedIn({ userId: 'bob', clientId: 'mail', device: 'OAuth', extraProperties: { a: 1 } });
    const { items, totalCount } = await listed(admin, 'sorting=device');
    expect(totalCount).toBe(2);
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
        sessionId: items[0]!.id,
        isCurrent: false,
        device: 'OAuth',
        deviceInfo: 'Firefox 140 on Linux',
        tenantId: null,
        tenantName: null,
        userId: 'bob',
        userName: null,
        clientId: 'mail',
        ipAddresses: ['127.0.0.1'],
        signedIn: '2026-01-15T12:00:00.000Z',
        lastAccessed: null,
        extraProperties: {},
      },
      expect.objectContaining({ userId: 'admin', isCurrent: true }),
    ]);
  });

  it('shows the first use of a session at once on its node, and on every other node after the next flush', async () => {
    const other = managerOn({ knex: site.database.connect(), clock: site.clock });
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    site.clock.advance(500);
    await bob.get('/private');
    const seen = new Date(site.clock.now()).toISOString();
    expect((await listed(admin, 'userId=bob')).items).toMatchObject([{ lastAccessed: seen }]);
    await (await site.signedIn({ userId: 'carol' })).get('/private');
    site.clock.advance(1000);
    let used = null;
    for (let attempt = 0; attempt < 500 && used === null; attempt++) {
      used = (await other.administration.search({ userId: 'carol' })).sessions[0]!.lastAccessed;
    }
    expect(used).toBe(Date.parse(seen));
    await other.close();
  });

  it('returns 10 sessions by default and at most 1,000, with the total number', async () => {
    const admin = await site.admin();
    for (let i = 0; i < 11; i++) await site.manager.create({ userId: 'bob' });
    const first = await listed(admin);
    expect([first.items.length, first.totalCount]).toEqual([10, 12]);
    expect((await listed(admin, 'maxResultCount=1000')).items).toHaveLength(12);
    expect((await listed(admin, 'skipCount=10')).items).toHaveLength(2);
    expect(await listed(admin, 'skipCount=12')).toEqual({ items: [], totalCount: 12 });
  });

  it.each([
    ['userId=bob', ['bob', 'bob']],
    ['UserId=bob&Device=OAuth', ['bob']],
    ['device=OAuth', ['bob', 'carol']],
    ['clientId=mail', ['carol']],
    ['userId=nobody', []],
    ['extraProperties[a]=b&userId=carol', ['carol']],
  ])('filters by %s', async (query, expected) => {
    const admin = await site.admin();
    await site.manager.create({ userId: 'bob', device: 'Web' });
    await site.manager.create({ userId: 'bob' });
    await site.manager.create({ userId: 'carol', clientId: 'mail' });
    const found = await listed(admin, query);
    expect([users(found).sort(), found.totalCount]).toEqual([expected, expected.length]);
  });

  it('does not return ended or expired sessions', async () => {
    const ended = await site.manager.create({ userId: 'bob' });
    await site.manager.administration.revoke(ended.sessionId);
    await site.manager.create({ userId: 'carol' });
    site.clock.advance(HOUR / 2);
    const admin = await site.admin();
    expect(users(await listed(admin)).sort()).toEqual(['admin', 'carol']);
    site.clock.advance(HOUR / 2);
    expect(await listed(admin)).toMatchObject({ items: [{ userId: 'admin' }], totalCount: 1 });
  });

  it.each([
    'sorting=userId',
    'userId=a&userId=b',
    'userId=%00',
    'skipCount=9e9',
    'maxResultCount=1001',
    'tenantId[]=a',
  ])('returns 400 for the query %s and names the invalid field', async (query) => {
    const { status, body, headers } = await (await site.admin()).get(`${LIST}?${query}`);
    expect([status, headers['_abperrorformat'], headers['cache-control']]).toEqual([400, 'true', 'no-store']);
    const [name] = query.split(/[=[]/, 1);
    expect(body.error.validationErrors).toEqual([{ message: body.error.details, members: [name] }]);
  });
});

describe('GET /identity/sessions/:id', () => {
  beforeEach(() => site.arrange());

  it('returns the session by its id with or without dashes, including uses that are not written yet', async () => {
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    site.clock.advance(1000);
    const id = await idOf(bob);
    for (const written of [id, id.replaceAll('-', ''), id.toUpperCase()]) {
      const { status, body } = await admin.get(`${LIST}/${written}`);
      expect([status, body.id, body.userId, body.isCurrent]).toEqual([200, id, 'bob', false]);
      expect(body.lastAccessed).toBe('2026-01-15T12:00:01.000Z');
    }
    expect((await admin.get(`${LIST}/${await idOf(admin)}`)).body.isCurrent).toBe(true);
  });

  it('returns 404 for unknown, ended and expired sessions', async () => {
    const admin = await site.admin();
    const ended = await site.manager.create({ userId: 'bob' });
    await site.manager.administration.revoke(ended.sessionId);
    const idle = await site.manager.create({ userId: 'bob' });
    site.clock.advance(HOUR / 2);
    await admin.get('/private');
    site.clock.advance(HOUR / 2);
    const answers = [UNKNOWN, ended.sessionId, idle.sessionId].map((id) => admin.get(`${LIST}/${id}`));
    for (const { status, text } of await Promise.all(answers)) {
      expect([status, JSON.parse(text).error.code]).toEqual([404, 'session-not-found']);
    }
  });

  it.each(['junk', '%00', "1'--", 'x'.repeat(2000), '%zz'])('returns 400 for the id %s', async (id) => {
    const admin = await site.admin();
    for (const { status, body } of [await admin.get(`${LIST}/${id}`), await admin.delete(`${LIST}/${id}`)]) {
      expect([status, body.error.code]).toEqual([400, 'invalid-request']);
    }
  });
});

describe('DELETE /identity/sessions/:id', () => {
  beforeEach(() => site.arrange());

  it('ends the session, and its next request gets 401 with the reason', async () => {
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    const id = await idOf(bob);
    const { status, text, headers } = await admin.delete(`${LIST}/${id}`);
    expect([status, text, headers['cache-control'], headers['set-cookie']]).toEqual([
      204,
      '',
      'no-store',
      undefined,
    ]);
    const refused = await bob.get('/api/account/sessions');
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      'Bearer error="invalid_token", error_description="The session was ended; sign in again."',
    ]);
    expect(refused.body.error).toMatchObject({ code: 'session-ended', data: { reason: 'administrator' } });
    expect((await admin.get('/private')).status).toBe(200);
  });

  it('records the administrator who ended the session', async () => {
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    const id = (await idOf(bob)).replaceAll('-', '');
    await admin.delete(`${LIST}/${id}`);
    expect(await site.manager.administration.get(id)).toMatchObject({
      endReason: 'administrator',
      endedBy: 'admin',
    });
  });

  it('clears the cookie only if it ends the current session', async () => {
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    await admin.delete(`${LIST}/${await idOf(bob)}`);
    expect(admin.cookies.size).toBe(1);
    expect((await admin.delete(`${LIST}/${await idOf(admin)}`)).status).toBe(204);
    expect(admin.cookies.size).toBe(0);
  });

  it('succeeds again for an ended session, and returns 404 for an unknown one', async () => {
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    const id = await idOf(bob);
    const statuses = [];
    for (const each of [id, id, UNKNOWN]) statuses.push((await admin.delete(`${LIST}/${each}`)).status);
    expect(statuses).toEqual([204, 204, 404]);
  });

  it('refuses a request from another site', async () => {
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    const { status, body } = await request(site.app)
      .delete(`${LIST}/${await idOf(bob)}`)
      .set({ Cookie: admin.cookieHeader, 'Sec-Fetch-Site': 'cross-site' });
    expect([status, body.error.code]).toEqual([403, 'cross-site']);
    expect((await bob.get('/private')).status).toBe(200);
  });
});

describe('an impersonation', () => {
  const STRICT = { maxSessionsPerUser: 1, onLimit: 'refuse' } as const;

  it.each([
    [0, STRICT],
    [1, {}],
    [2, {}],
  ])('displaces no session under the rule %d with the options %j', async (rule, options) => {
    await site.arrange({ manager: options });
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    await admin.put('/api/identity/settings/session', { preventConcurrentLogin: rule });
    const support = await site.signedIn({ userId: 'bob', actor: 'admin' });
    await site.signedIn({ userId: 'bob', actor: 'admin' });
    for (const browser of [bob, support, admin]) expect((await browser.get('/private')).status).toBe(200);
  });

  it('does not keep its user from signing in', async () => {
    await site.arrange({ manager: STRICT });
    await site.signedIn({ userId: 'bob', actor: 'admin' });
    expect((await (await site.signedIn({ userId: 'bob' })).get('/private')).status).toBe(200);
  });

  it("leaves the session of the administrator's browser alive", async () => {
    await site.arrange();
    const admin = await site.admin();
    const before = admin.cookieHeader;
    await admin.post('/sign-in', { userId: 'bob', actor: 'admin' });
    expect((await admin.get('/private')).body).toMatchObject({ userId: 'bob', actor: 'admin' });
    expect((await request(site.app).get('/private').set('Cookie', before)).body.userId).toBe('admin');
  });

  it('is shown as an impersonation to its user and to administrators, and names the actor in its end', async () => {
    await site.arrange({ extraPropertiesOf: ({ actor }) => ({ actor }) });
    const [admin, bob] = [await site.admin(), await site.signedIn({ userId: 'bob' })];
    const support = await site.signedIn({ userId: 'bob', actor: 'admin' });
    const id = await idOf(support);
    const shown = {
      device: 'Impersonation',
      deviceInfo: 'Firefox 140 on Linux',
      extraProperties: { actor: 'admin' },
    };
    expect((await admin.get(`${LIST}?userId=bob&device=Impersonation`)).body.items).toMatchObject([shown]);
    expect((await bob.get(`/api/account/sessions/${id}`)).body).toMatchObject(shown);
    const { sessions } = (await bob.get('/sessions')).body as { sessions: { impersonation?: true }[] };
    expect(sessions.map(({ impersonation }) => impersonation).sort()).toEqual([true, undefined]);
    await support.delete(`/api/account/sessions/${await idOf(bob)}`);
    const ended = await site.database.knex('identity_sessions').whereNotNull('ended_at');
    expect(ended).toMatchObject([{ ended_by: 'admin', end_reason: 'revoked' }]);
  });
});

describe('an administrator of a tenant', () => {
  let host: Browser;
  let acme: Browser;
  const sessions: Record<string, string> = {};

  beforeEach(async () => {
    await site.arrange({ userNameOf: ({ userId }) => userId, tenantNameOf: (id) => id.toUpperCase() });
    host = await site.admin();
    acme = await site.admin({ tenantId: 'acme' });
    for (const tenantId of [null, 'acme', 'umbrella']) {
      const { sessionId } = await site.manager.create({ tenantId, userId: 'bob' });
      sessions[tenantId ?? 'none'] = sessionId;
    }
  });

  const tenants = ({ items }: { items: Item[] }) => items.map(({ tenantId }) => tenantId).sort();

  it('sees only the sessions of the tenant', async () => {
    const found = await listed(acme);
    expect([tenants(found), found.totalCount]).toEqual([['acme', 'acme'], 2]);
    expect(found.items[0]).toMatchObject({ tenantName: 'ACME' });
    expect(users(await listed(acme, 'userId=bob&tenantId=acme'))).toEqual(['bob']);
  });

  it('gets 403 for a query that names another tenant', async () => {
    const { status, body } = await acme.get(`${LIST}?tenantId=umbrella`);
    expect([status, body.error.code]).toEqual([403, 'permission-missing']);
  });

  it('can read and end sessions of the tenant, and gets 404 for all others', async () => {
    const answers = [];
    for (const id of [sessions['none']!, sessions['umbrella']!, UNKNOWN]) {
      answers.push(await acme.get(`${LIST}/${id}`), await acme.delete(`${LIST}/${id}`));
    }
    for (const { status, text } of answers) expect([status, text]).toEqual([404, answers[0]!.text]);
    expect((await acme.get(`${LIST}/${sessions['acme']}`)).body.userName).toBe('bob');
    expect((await acme.delete(`${LIST}/${sessions['acme']}`)).status).toBe(204);
    expect(tenants(await listed(host, 'userId=bob'))).toEqual(['umbrella', null].sort());
  });

  it('can do less than an administrator without a tenant, who sees all tenants and can filter by one', async () => {
    expect((await listed(host)).totalCount).toBe(5);
    expect(tenants(await listed(host, 'tenantId=umbrella'))).toEqual(['umbrella']);
    expect((await host.get(`${LIST}/${sessions['umbrella']}`)).body.tenantName).toBe('UMBRELLA');
    expect((await host.delete(`${LIST}/${sessions['umbrella']}`)).status).toBe(204);
    expect((await listed(host, 'tenantId=umbrella')).totalCount).toBe(0);
  });
});
