import request from 'supertest';

import { AbpApp } from '../../support/abp';
import { managerOn } from '../../support/manager';

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

  it('accepts the settings that it returned, for any lifetime', async () => {
    await site.arrange({ manager: { shortLifetime: 30_000, touchInterval: 1000 } });
    const admin = await site.admin();
    const { body } = await admin.get(IDLE);
    expect(body).toEqual({ enabled: false, idleTimeoutMinutes: 1, countdownSeconds: 60 });
    expect((await admin.put(IDLE, body)).status).toBe(204);
  });

  it.each([
    [{ ...idle, enabled: 'true' }, 'enabled'],
    [{ ...idle, idleTimeoutMinutes: 61 }, 'idleTimeoutMinutes'],
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
