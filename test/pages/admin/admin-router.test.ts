import type { IdentitySessionManager } from '../../../lib';
import { adminPage, type AdminPermission } from '../../../lib/pages';
import { satisfies } from '../../support/compliance';
import type { Browser } from '../../support/browser';
import type { FakeClock } from '../../support/clock';
import { form, IPHONE, managerWithClock, pagesApp, signedIn } from '../../support/pages';

const BASE = '/admin/sessions';

let manager: IdentitySessionManager;
let clock: FakeClock;
let granted: AdminPermission[];
let admin: Browser;

beforeEach(async () => {
  ({ manager, clock } = managerWithClock());
  granted = ['sessions.read', 'sessions.end', 'policy.change'];
  admin = await as({ userId: 'admin' });
});
afterEach(() => manager.close());

function as(facts: { userId: string; tenantId?: string }): Promise<Browser> {
  const isGranted = (permission: AdminPermission) => granted.includes(permission);
  return signedIn(pagesApp(manager, { admin: { isGranted } }), facts);
}

async function open(userId: string, said: object = {}): Promise<string> {
  clock.advance(1000);
  const signIn = { userId, userAgent: IPHONE, ipAddress: '192.0.2.7', ...said };
  return (await manager.open(signIn)).session.sessionId;
}

const isLive = async (id: string) => (await manager.administration.get(id)).endedAt === null;
const usersOn = ({ text }: { text: string }) =>
  [...text.matchAll(/<th scope="row">\s*(\S+)/g)].map(([, user]) => user);

describe('adminPage', () => {
  it('needs `isGranted`', () => {
    expect(() => adminPage(manager, {} as never)).toThrow(/`isGranted` is missing/);
  });

  it('asks for a recent authentication before it ends sessions or changes the policy', async () => {
    const id = await open('alice');
    admin = await signedIn(pagesApp(manager, { admin: { recent: { maxAge: '10M' } } }), { userId: 'admin' });
    clock.advance(600_001);
    expect((await admin.get(BASE)).status).toBe(200);
    for (const [path, fields] of [
      ['confirm', { id }],
      ['end', { id }],
      ['policy', { rule: 'Disabled' }],
    ] as const) {
      const refused = await admin.postOn(BASE, `${BASE}/${path}`, form(fields));
      expect([refused.status, refused.headers['location']]).toEqual([
        303,
        '/sign-in?notice=authentication-insufficient&returnTo=%2Fadmin%2Fsessions',
      ]);
    }
    expect(await isLive(id)).toBe(true);
    expect((await admin.get(`${BASE}/confirm`)).headers['location']).toBe(BASE);
  });

  it('finds sessions by user, tenant, device and client', async () => {
    await open('alice', { clientId: 'mail' });
    await open('bob', { device: 'Mobile' });
    await open('carol', { tenantId: 'acme' });
    const found = async (query: string) => usersOn(await admin.get(`${BASE}?${query}`));
    expect(await found('')).toEqual(['carol', 'bob', 'alice', 'admin']);
    expect(await found('user=alice')).toEqual(['alice']);
    expect(await found('client=mail')).toEqual(['alice']);
    expect(await found('device=Mobile&client=')).toEqual(['bob']);
    expect(await found('tenant=acme')).toEqual(['carol']);
    expect(await found('user=nobody')).toEqual([]);
    expect(await found('sort=userId')).toEqual(['admin', 'alice', 'bob', 'carol']);
  });

  it('finds ended sessions with the reason', async () => {
    const id = await open('alice');
    await manager.administration.revoke(id, { by: 'admin' });
    expect(usersOn(await admin.get(BASE))).toEqual(['admin']);
    const { text } = await admin.get(`${BASE}?state=ended`);
    expect(text).toContain('Ended by an administrator');
    expect(text).not.toContain('type="checkbox" name="selected"');
    expect(usersOn(await admin.get(`${BASE}?state=any`))).toEqual(['alice', 'admin']);
  });

  it.each(['signedIn', 'lastAccessed', 'userId'])('leads through all pages in the order %s', async (sort) => {
    for (let i = 0; i < 60; i++) await open(`user${i}`);
    const seen: (string | undefined)[] = [];
    let path: string | undefined = `${BASE}?sort=${sort}`;
    while (path !== undefined) {
      const page = await admin.get(path);
      seen.push(...usersOn(page));
      path = /<a href="([^"]*)">Next page/.exec(page.text)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(new Set(seen).size).toBe(61);
    expect(seen).toHaveLength(61);
  });

  it('shows a session with its trail, but not the name that its owner gave', async () => {
    const id = await open('alice');
    await manager.update(id, { name: 'Secret hideout' });
    const { text } = await admin.get(`${BASE}/sessions/${id}`);
    expect(text).toContain(id);
    expect(text).toContain('Signed in');
    expect(text + (await admin.get(BASE)).text).not.toContain('hideout');
  });

  it(
    satisfies(
      'ends one, several and all sessions of a user after a question, and records the administrator',
      'ASVS 7.4.5',
    ),
    async () => {
      const ids = await Promise.all([open('alice'), open('alice'), open('bob')]);
      const selected = form({ which: 'selected', selected: ids.slice(1) });
      expect((await admin.post(`${BASE}/confirm`, selected)).text).toContain('Sign out 2 selected sessions?');
      const { headers } = await admin.post(`${BASE}/end`, selected);
      expect(headers['location']).toBe(`${BASE}?notice=ended&count=2`);
      expect(await Promise.all(ids.map(isLive))).toEqual([true, false, false]);

      await open('alice');
      const all = form({ user: 'alice', tenant: '' });
      expect((await admin.post(`${BASE}/confirm`, all)).text).toContain('Sign out all sessions of “alice”?');
      await admin.post(`${BASE}/end`, all);
      expect(await manager.administration.count({ userId: 'alice' })).toBe(0);
      for (const id of ids) {
        expect(await manager.administration.get(id)).toMatchObject({
          endReason: 'administrator',
          endedBy: 'admin',
        });
      }
      expect((await admin.post(`${BASE}/confirm`, '')).status).toBe(400);
    },
  );

  it('shows and changes the policy', async () => {
    await admin.post(`${BASE}/policy`, form({ rule: 'LogoutFromAllDevices', idle: '30' }));
    expect(await manager.administration.policy()).toMatchObject({
      preventConcurrentLogin: 'LogoutFromAllDevices',
      idleTimeout: 30 * 60_000,
    });
    const { text } = await admin.get(`${BASE}/policy`);
    expect(text).toMatch(/value="LogoutFromAllDevices" selected/);
    expect(text).toContain('value="30"');
    await admin.post(`${BASE}/policy`, form({ rule: '', idle: '' }));
    expect(await manager.administration.policy()).toEqual({});
  });

  it.each([{ rule: 'Nonsense', idle: '' }, { rule: '', idle: 'soon' }, { rule: '', idle: '0' }, {}])(
    'refuses the policy %j',
    async (fields) => {
      expect((await admin.post(`${BASE}/policy`, form(fields))).status).toBe(400);
      expect(await manager.administration.policy()).toEqual({});
    },
  );

  it.each([
    ['sessions.read', 'get', '', 403],
    ['sessions.read', 'get', '/sessions/1', 403],
    ['sessions.end', 'post', '/confirm', 403],
    ['sessions.end', 'post', '/end', 403],
    ['policy.change', 'get', '/policy', 403],
    ['policy.change', 'post', '/policy', 403],
  ] as const)('without %s refuses %s %s', async (permission, method, path, status) => {
    const id = await open('alice');
    granted = granted.filter((each) => each !== permission);
    const answer = await admin[method](BASE + path, form({ selected: id, rule: 'LogoutFromAllDevices' }));
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('You are not permitted to do this.');
    expect(await isLive(id)).toBe(true);
    expect(await manager.administration.policy()).toEqual({});
  });

  it('shows no buttons that the user may not use', async () => {
    granted = ['sessions.read'];
    const { text } = await admin.get(BASE);
    expect(text).not.toContain('type="checkbox" name="selected"');
    expect(text).not.toContain(`${BASE}/policy`);
  });

  it.each(['/confirm', '/end', '/policy'])('refuses a form of another site: %s', async (path) => {
    const id = await open('alice');
    const { status } = await admin.postFrom('cross-site', BASE + path, form({ selected: id, rule: '' }));
    expect(status).toBe(403);
    expect(await isLive(id)).toBe(true);
  });

  it('limits an administrator of a tenant to its sessions', async () => {
    const own = await open('bob', { tenantId: 'acme' });
    const other = await open('bob', { tenantId: 'umbrella' });
    const tenantless = await open('bob');
    const local = await as({ userId: 'boss', tenantId: 'acme' });
    expect(usersOn(await local.get(`${BASE}?user=bob`))).toEqual(['bob']);
    expect((await local.get(`${BASE}?tenant=umbrella`)).status).toBe(403);
    expect((await local.get(`${BASE}/policy`)).status).toBe(403);
    for (const id of [other, tenantless]) {
      expect((await local.get(`${BASE}/sessions/${id}`)).headers['location']).toBe(
        `${BASE}?notice=session-not-found`,
      );
      await local.post(`${BASE}/end`, form({ selected: id }));
    }
    await local.post(`${BASE}/end`, form({ user: 'bob', tenant: 'umbrella' }));
    expect(await Promise.all([own, other, tenantless].map(isLive))).toEqual([false, true, true]);
  });
});
