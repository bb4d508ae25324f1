import { adminPage } from '../../../lib/pages';
import { ADMIN, adminPageUnderTest, usersOn } from '../../support/admin-page';
import { form } from '../../support/pages';

describe('adminPage', () => {
  const page = adminPageUnderTest();

  it('needs `isGranted`', () => {
    expect(() => adminPage(page.manager, {} as never)).toThrow(/`isGranted` is missing/);
  });

  it.each([
    ['sessions.read', 'get', '', 403],
    ['sessions.read', 'get', '/sessions/1', 403],
    ['sessions.end', 'post', '/confirm', 403],
    ['sessions.end', 'post', '/end', 403],
    ['policy.change', 'get', '/policy', 403],
    ['policy.change', 'post', '/policy', 403],
  ] as const)('without %s refuses %s %s', async (permission, method, path, status) => {
    const id = await page.open('alice');
    page.granted = page.granted.filter((each) => each !== permission);
    const answer = await page.admin[method](
      ADMIN + path,
      form({ selected: id, rule: 'LogoutFromAllDevices' }),
    );
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('You are not permitted to do this.');
    expect(await page.isLive(id)).toBe(true);
    expect(await page.manager.administration.policy()).toEqual({});
  });

  it.each(['/confirm', '/end', '/policy'])('refuses a form of another site: %s', async (path) => {
    const id = await page.open('alice');
    const { status } = await page.admin.postFrom(
      'cross-site',
      ADMIN + path,
      form({ selected: id, rule: '' }),
    );
    expect(status).toBe(403);
    expect(await page.isLive(id)).toBe(true);
  });

  it('limits an administrator of a tenant to its sessions', async () => {
    const own = await page.open('bob', { tenantId: 'acme' });
    const other = await page.open('bob', { tenantId: 'umbrella' });
    const tenantless = await page.open('bob');
    const local = await page.as({ userId: 'boss', tenantId: 'acme' });
    expect(usersOn(await local.get(`${ADMIN}?user=bob`))).toEqual(['bob']);
    expect((await local.get(`${ADMIN}?tenant=umbrella`)).status).toBe(403);
    expect((await local.get(`${ADMIN}/policy`)).status).toBe(403);
    for (const id of [other, tenantless]) {
      expect((await local.get(`${ADMIN}/sessions/${id}`)).headers['location']).toBe(
        `${ADMIN}?notice=session-not-found`,
      );
      await local.post(`${ADMIN}/end`, form({ selected: id }));
    }
    await local.post(`${ADMIN}/end`, form({ user: 'bob', tenant: 'umbrella' }));
    expect(await Promise.all([own, other, tenantless].map((id) => page.isLive(id)))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
