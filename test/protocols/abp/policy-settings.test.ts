import request from 'supertest';

import { AbpApp } from '../../support/abp';
import { Browser } from '../../support/browser';
import { until } from '../../support/gate';
import { managerOn } from '../../support/manager';
import { HOUR } from '../../support/sessions';
import { BY_ITSELF, watched } from '../../support/watched';

const site = new AbpApp();
const SESSION = '/api/identity/settings/session';
const IDLE = '/api/account-admin/settings/idle';

describe('/identity/settings/session', () => {
  it('returns the option until a rule is stored, which then applies to the next sign-in', async () => {
    await site.arrange({ manager: { preventConcurrentLogin: 'LogoutFromSameTypeDevices' } });
    const admin = await site.admin();
    expect((await admin.get(SESSION)).body).toEqual({ preventConcurrentLogin: 1 });
    const { status, text, headers } = await admin.put(SESSION, { preventConcurrentLogin: 2 });
    expect([status, text, headers['cache-control']]).toEqual([204, '', 'no-store']);
    expect((await admin.get(SESSION)).body).toEqual({ preventConcurrentLogin: 2 });
    const [one, two] = [await site.signedIn({ device: 'Web' }), await site.signedIn({ device: 'OAuth' })];
    expect([(await one.get('/private')).status, (await two.get('/private')).status]).toEqual([401, 200]);
  });

  it('changes the rule on other nodes within the lease', async () => {
    await site.arrange();
    const other = managerOn({ knex: site.database.knex, clock: site.clock });
    await other.open({ userId: 'alice' });
    await (await site.admin()).put(SESSION, { preventConcurrentLogin: 2 });
    site.clock.advance(2000);
    await other.open({ userId: 'alice' });
    expect((await other.list({ userId: 'alice' })).sessions).toHaveLength(1);
    await other.close();
  });

  it.each([{ preventConcurrentLogin: 3 }, { preventConcurrentLogin: '2' }, {}])(
    'changes nothing for the body %j',
    async (body) => {
      await site.arrange();
      const admin = await site.admin();
      const response = await admin.put(SESSION, body);
      expect([response.status, response.body.error.validationErrors[0].members]).toEqual([
        400,
        ['preventConcurrentLogin'],
      ]);
      expect((await admin.get(SESSION)).body).toEqual({ preventConcurrentLogin: 0 });
    },
  );
});

describe('/account-admin/settings/idle', () => {
  const idle = { enabled: true, idleTimeoutMinutes: 30, countdownSeconds: 20 };

  it("returns ABP's defaults until settings are stored", async () => {
    await site.arrange();
    const admin = await site.admin();
    expect((await admin.get(IDLE)).body).toEqual({
      enabled: false,
      idleTimeoutMinutes: 60,
      countdownSeconds: 60,
    });
    expect((await admin.put(IDLE, { ...idle, extraProperties: {} })).status).toBe(204);
    expect((await admin.get(IDLE)).body).toEqual(idle);
  });

  it.each([5, 60, 180, 360, 720, 1440])(
    'accepts %d minutes, which the page of ABP offers',
    async (minutes) => {
      await site.arrange();
      const admin = await site.admin();
      const body = { enabled: true, idleTimeoutMinutes: minutes, countdownSeconds: 60 };
      expect((await admin.put(IDLE, body)).status).toBe(204);
      expect((await admin.get(IDLE)).body).toEqual(body);
    },
  );

  it('accepts the settings that it returned, for any lifetime', async () => {
    const brief = { shortLifetime: 30_000, longLifetime: 30_000, touchInterval: 1000 };
    await site.arrange({ manager: brief });
    const admin = await site.admin();
    const { body } = await admin.get(IDLE);
    expect(body).toEqual({ enabled: false, idleTimeoutMinutes: 1, countdownSeconds: 15 });
    expect((await admin.put(IDLE, body)).status).toBe(204);
  });

  it.each([
    [{ ...idle, enabled: 'true' }, 'enabled'],
    [{ ...idle, idleTimeoutMinutes: 525_601 }, 'idleTimeoutMinutes'],
    [{ ...idle, idleTimeoutMinutes: 0 }, 'idleTimeoutMinutes'],
    [{ ...idle, idleTimeoutMinutes: 1e300 }, 'idleTimeoutMinutes'],
    [{ ...idle, countdownSeconds: '20' }, 'countdownSeconds'],
    [{ ...idle, countdownSeconds: 1801 }, 'countdownSeconds'],
    [{ ...idle, countdownSeconds: [20] }, 'countdownSeconds'],
    [{}, 'enabled'],
  ])('changes nothing for the body %j', async (body, member) => {
    await site.arrange();
    const admin = await site.admin();
    const response = await admin.put(IDLE, body);
    expect([response.status, response.body.error.validationErrors[0].members]).toEqual([400, [member]]);
    expect(await site.manager.administration.policy()).toEqual({});
  });
});

describe('an enabled idle policy', () => {
  const MINUTE = 60_000;

  async function enable(minutes: number, enabled = true): Promise<void> {
    const body = { enabled, idleTimeoutMinutes: minutes, countdownSeconds: 30 };
    expect((await (await site.admin()).put(IDLE, body)).status).toBe(204);
  }

  const statusOf = async (browser: Browser) => (await browser.get('/private')).status;

  it('ends a session that was not used for the timeout and the countdown', async () => {
    await site.arrange();
    const alice = await site.signedIn();
    await enable(5);
    for (let i = 0; i < 3; i++) {
      site.clock.advance(5 * MINUTE + 29_999);
      expect(await statusOf(alice)).toBe(200);
    }
    site.clock.advance(5 * MINUTE + 30_000);
    const { status, body } = await alice.get('/api/account/sessions');
    expect([status, body.error.code]).toEqual([401, 'session-expired']);
  });

  it('keeps a session longer than the short lifetime, and never longer than the long one', async () => {
    await site.arrange({ manager: { longLifetime: '3H' } });
    await enable(1440);
    const alice = await site.signedIn();
    const { expires, lastAccessed } = (await alice.get('/session')).body.session;
    expect(Date.parse(expires) - Date.parse(lastAccessed)).toBe(3 * HOUR);
    site.clock.advance(3 * HOUR - 1);
    expect((await alice.get('/sessions')).body.sessions).toHaveLength(1);
    expect((await (await site.admin()).get('/api/identity/sessions?userId=alice')).body.totalCount).toBe(1);
    site.clock.advance(3 * HOUR);
    expect(await statusOf(alice)).toBe(401);
    expect(await site.manager.administration.count({ userId: 'alice' })).toBe(0);
  });

  it('does not apply to a session that stays signed in', async () => {
    await site.arrange();
    const alice = await site.signedIn({ staySignedIn: true });
    await enable(5);
    site.clock.advance(2 * HOUR);
    expect(await statusOf(alice)).toBe(200);
  });

  it('applies on other nodes within the lease, until it is disabled', async () => {
    await site.arrange();
    const other = managerOn({ knex: site.database.connect(), clock: site.clock });
    const alice = new Browser(site.appOn(other));
    await alice.post('/sign-in', { userId: 'alice' });
    expect(await statusOf(alice)).toBe(200);
    await enable(5);
    site.clock.advance(2000);
    expect(await statusOf(alice)).toBe(200);
    site.clock.advance(6 * MINUTE);
    expect(await statusOf(alice)).toBe(401);
    await alice.post('/sign-in', { userId: 'alice' });
    await enable(5, false);
    site.clock.advance(6 * MINUTE);
    expect(await statusOf(alice)).toBe(200);
    await other.close();
  });

  it('costs a cached request no statement', async () => {
    const statements: string[] = [];
    const pool = { min: 0, max: 10, afterCreate: watched(statements) };
    await site.arrange({ manager: { knex: site.database.connect({ pool }) } });
    await enable(5);
    const alice = await site.signedIn();
    await alice.get('/private');
    await until(() => site.manager.health().changes?.trusted === true);
    await alice.get('/private');
    expect(statements).toContain('"public".identity_sessions.find');
    statements.length = 0;
    for (let i = 0; i < 5; i++) expect(await statusOf(alice)).toBe(200);
    expect(statements.filter((name) => !BY_ITSELF.test(name))).toEqual([]);
  });
});

describe.each([SESSION, IDLE])('%s', (path) => {
  beforeEach(() => site.arrange());

  it.each([
    ['no body', undefined, undefined],
    ['invalid JSON', 'application/json', '{'],
    ['JSON that is not an object', 'application/json', '[{}]'],
    ['a form', 'application/x-www-form-urlencoded', 'preventConcurrentLogin=2'],
    ['text', 'text/plain', '{"preventConcurrentLogin":2}'],
    ['a body that is too large', 'application/json', JSON.stringify({ a: 'x'.repeat(200_000) })],
  ])('rejects %s', async (_, type, body) => {
    const admin = await site.admin();
    const {
      status,
      body: answer,
      headers,
    } = await request(site.app)
      .put(path)
      .set({
        Cookie: admin.cookieHeader,
        'Sec-Fetch-Site': 'same-origin',
        ...(type && { 'Content-Type': type }),
      })
      .send(body);
    expect([status, answer.error.code, headers['_abperrorformat']]).toEqual([400, 'invalid-request', 'true']);
    expect(await site.manager.administration.policy()).toEqual({});
  });

  it('can be read but not changed by an administrator of a tenant', async () => {
    const admin = await site.admin({ tenantId: 'acme' });
    expect((await admin.get(path)).status).toBe(200);
    const body = { preventConcurrentLogin: 2, enabled: true, idleTimeoutMinutes: 5, countdownSeconds: 5 };
    const response = await admin.put(path, body);
    expect([response.status, response.body.error.code]).toEqual([403, 'permission-missing']);
    expect(await site.manager.administration.policy()).toEqual({});
  });

  it('refuses a change that another site requests', async () => {
    const { status } = await request(site.app)
      .put(path)
      .set({ Cookie: (await site.admin()).cookieHeader, 'Sec-Fetch-Site': 'cross-site' })
      .send({ preventConcurrentLogin: 2 });
    expect(status).toBe(403);
  });
});
