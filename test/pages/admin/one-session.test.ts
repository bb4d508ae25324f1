import { ADMIN, adminPageUnderTest } from '../../support/admin-page';

describe('The page of one session for administrators', () => {
  const page = adminPageUnderTest();

  it('shows a session with its trail, but not the name that its owner gave', async () => {
    const id = await page.open('alice');
    await page.manager.update(id, { name: 'Secret hideout' });
    const { text } = await page.admin.get(`${ADMIN}/sessions/${id}`);
    expect(text).toContain(id);
    expect(text).toContain('Signed in');
    expect(text + (await page.admin.get(ADMIN)).text).not.toContain('hideout');
  });
});
