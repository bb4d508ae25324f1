import { ADMIN, adminPageUnderTest } from '../../support/admin-page';
import { form } from '../../support/pages';

describe('Ending sessions on the page for administrators', () => {
  const page = adminPageUnderTest();

  it('ends one, several and all sessions of a user after a question, and records the administrator', async () => {
    const ids = await Promise.all([page.open('alice'), page.open('alice'), page.open('bob')]);
    const selected = form({ which: 'selected', selected: ids.slice(1) });
    expect((await page.admin.post(`${ADMIN}/confirm`, selected)).text).toContain(
      'Sign out 2 selected sessions?',
    );
    const { headers } = await page.admin.post(`${ADMIN}/end`, selected);
    expect(headers['location']).toBe(`${ADMIN}?notice=ended&count=2`);
    expect(await Promise.all(ids.map((id) => page.isLive(id)))).toEqual([true, false, false]);

    await page.open('alice');
    const all = form({ user: 'alice', tenant: '' });
    expect((await page.admin.post(`${ADMIN}/confirm`, all)).text).toContain(
      'Sign out all sessions of “alice”?',
    );
    await page.admin.post(`${ADMIN}/end`, all);
    expect(await page.manager.administration.count({ userId: 'alice' })).toBe(0);
    for (const id of ids) {
      expect(await page.manager.administration.get(id)).toMatchObject({
        endReason: 'administrator',
        endedBy: 'admin',
      });
    }
    expect((await page.admin.post(`${ADMIN}/confirm`, '')).status).toBe(400);
  });
});
