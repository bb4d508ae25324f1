import { html } from '../../../lib/pages';
import { ACCOUNT, describeAccountPage, sessionIdOf } from '../../support/account-page';
import { form } from '../../support/pages';

describeAccountPage('The page of one session', (page) => {
  it('names the current and other sessions, and removes a name', async () => {
    await page.signInBoth();
    const path = `${ACCOUNT}/sessions/${sessionIdOf(page.phone)}`;
    const named = await page.desk.post(`${path}/name`, form({ name: ' Phone of <b> ' }));
    expect(named.headers['location']).toBe(`${ACCOUNT}?notice=named`);
    expect((await page.desk.get(path)).text).toContain('value="Phone of &lt;b&gt;"');
    expect((await page.desk.get(ACCOUNT)).text).toContain('Sign out Phone of &lt;b&gt;');
    await page.desk.post(`${ACCOUNT}/sessions/${sessionIdOf(page.desk)}/name`, form({ name: 'Desk' }));
    expect((await page.manager.get({ userId: 'alice' }, sessionIdOf(page.desk))).name).toBe('Desk');
    const removed = await page.desk.post(`${path}/name`, form({ name: ' ' }));
    expect(removed.headers['location']).toBe(`${ACCOUNT}?notice=name-removed`);
    expect((await page.manager.get({ userId: 'alice' }, sessionIdOf(page.phone))).name).toBeNull();
  });

  it('refuses a name that is too long, in the language of the reader', async () => {
    await page.signInBoth();
    const path = `${ACCOUNT}/sessions/${sessionIdOf(page.desk)}/name`;
    const { status, text } = await page.desk.post(path, form({ name: 'x'.repeat(65) }));
    expect(status).toBe(400);
    expect(text).toContain('role="alert"');
  });

  it('shows the sign-in method that the app names, inside the layout of the app', async () => {
    await page.signInBoth({
      account: {
        signInMethodOf: () => 'Security key',
        layout: ({ title, body }) =>
          html`<title>${title}</title>
            <nav>App</nav>
            ${body}`,
      },
    });
    const { text } = await page.desk.get(`${ACCOUNT}/sessions/${sessionIdOf(page.phone)}`);
    expect(text).toMatch(/^<title>Mobile Safari 18 on iOS 18.5<\/title>\s*<nav>App<\/nav>/);
    expect(text).toContain('Security key');
  });
});
