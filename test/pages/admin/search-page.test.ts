import { ADMIN, adminPageUnderTest, usersOn } from '../../support/admin-page';

describe('The search of the page for administrators', () => {
  const page = adminPageUnderTest();

  it('finds sessions by user, tenant, device and client', async () => {
    await page.open('alice', { clientId: 'mail' });
    await page.open('bob', { device: 'Mobile' });
    await page.open('carol', { tenantId: 'acme' });
    const found = async (query: string) => usersOn(await page.admin.get(`${ADMIN}?${query}`));
    expect(await found('')).toEqual(['carol', 'bob', 'alice', 'admin']);
    expect(await found('user=alice')).toEqual(['alice']);
    expect(await found('client=mail')).toEqual(['alice']);
    expect(await found('device=Mobile&client=')).toEqual(['bob']);
    expect(await found('tenant=acme')).toEqual(['carol']);
    expect(await found('user=nobody')).toEqual([]);
    expect(await found('sort=userId')).toEqual(['admin', 'alice', 'bob', 'carol']);
  });

  it('finds ended sessions with the reason', async () => {
    const id = await page.open('alice');
    await page.manager.administration.revoke(id, { by: 'admin' });
    expect(usersOn(await page.admin.get(ADMIN))).toEqual(['admin']);
    const { text } = await page.admin.get(`${ADMIN}?state=ended`);
    expect(text).toContain('Ended by an administrator');
    expect(text).not.toContain('type="checkbox" name="selected"');
    expect(usersOn(await page.admin.get(`${ADMIN}?state=any`))).toEqual(['alice', 'admin']);
  });

  it.each(['signedIn', 'lastAccessed', 'userId'])('leads through all pages in the order %s', async (sort) => {
    for (let i = 0; i < 60; i++) await page.open(`user${i}`);
    const seen: (string | undefined)[] = [];
    let path: string | undefined = `${ADMIN}?sort=${sort}`;
    while (path !== undefined) {
      const answer = await page.admin.get(path);
      seen.push(...usersOn(answer));
      path = /<a href="([^"]*)">Next page/.exec(answer.text)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(new Set(seen).size).toBe(61);
    expect(seen).toHaveLength(61);
  });

  it('shows no buttons that the user may not use', async () => {
    page.granted = ['sessions.read'];
    const { text } = await page.admin.get(ADMIN);
    expect(text).not.toContain('type="checkbox" name="selected"');
    expect(text).not.toContain(`${ADMIN}/policy`);
  });
});
