import { satisfies } from '../../support/compliance';
import { ADMIN, adminPageUnderTest } from '../../support/admin-page';
import { form, pagesApp, signedIn } from '../../support/pages';

describe('Ending sessions on the page for administrators', () => {
  const page = adminPageUnderTest();

  it('asks for a recent authentication before it ends sessions or changes the policy', async () => {
    const id = await page.open('alice');
    const app = pagesApp(page.manager, { admin: { recent: { maxAge: '10M' } } });
    const admin = await signedIn(app, { userId: 'admin' });
    page.clock.advance(600_001);
    expect((await admin.get(ADMIN)).status).toBe(200);
    for (const [path, fields] of [
      ['confirm', { id }],
      ['end', { id }],
      ['policy', { rule: 'Disabled' }],
    ] as const) {
      const refused = await admin.postOn(ADMIN, `${ADMIN}/${path}`, form(fields));
      expect([refused.status, refused.headers['location']]).toEqual([
        303,
        '/sign-in?notice=authentication-insufficient&returnTo=%2Fadmin%2Fsessions',
      ]);
    }
    expect(await page.isLive(id)).toBe(true);
    expect((await admin.get(`${ADMIN}/confirm`)).headers['location']).toBe(ADMIN);
  });

  it(
    satisfies(
      'ends one, several and all sessions of a user after a question, and records the administrator',
      'ASVS 7.4.5',
    ),
    async () => {
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
    },
  );
});
