import { ADMIN, adminPageUnderTest } from '../../support/admin-page';
import { form } from '../../support/pages';

describe('The policy on the page for administrators', () => {
  const page = adminPageUnderTest();

  it('shows and changes the policy', async () => {
    await page.admin.post(
      `${ADMIN}/policy`,
      form({ rule: 'LogoutFromAllDevices', maxSessionsPerUser: '3', idle: '30' }),
    );
    expect(await page.manager.administration.policy()).toMatchObject({
      preventConcurrentLogin: 'LogoutFromAllDevices',
      maxSessionsPerUser: 3,
      idleTimeout: 30 * 60_000,
    });
    const { text } = await page.admin.get(`${ADMIN}/policy`);
    expect(text).toMatch(/value="LogoutFromAllDevices" selected/);
    expect(text).toContain('value="30"');
    expect(text).toContain('value="3"');
    await page.admin.post(`${ADMIN}/policy`, form({ rule: '', maxSessionsPerUser: '', idle: '' }));
    expect(await page.manager.administration.policy()).toEqual({});
  });

  it.each([
    { rule: 'Nonsense', idle: '' },
    { rule: '', idle: 'soon' },
    { rule: '', idle: '0' },
    { rule: 'Disabled', maxSessionsPerUser: '-1' },
    {},
  ])('refuses the policy %j', async (fields) => {
    expect((await page.admin.post(`${ADMIN}/policy`, form(fields))).status).toBe(400);
    expect(await page.manager.administration.policy()).toEqual({});
  });
});
