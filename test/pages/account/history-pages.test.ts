import { ACCOUNT, describeAccountPage, sessionIdOf } from '../../support/account-page';
import { form } from '../../support/pages';

describeAccountPage('The history', (page) => {
  it('shows the history of ends on the page, and on pages of its own', async () => {
    await page.signInBoth();
    await page.desk.post(`${ACCOUNT}/end`, form({ id: sessionIdOf(page.phone) }));
    for (let i = 0; i < 60; i++) await page.manager.open({ userId: 'alice' });
    const { text } = await page.desk.get(ACCOUNT);
    expect(text).toContain(`href="${ACCOUNT}/history"`);
    const first = await page.desk.get(`${ACCOUNT}/history`);
    expect(first.text).not.toContain('Ended by its owner');
    const [, older] = /href="([^"]*\?after=[^"]*)"/.exec(first.text)!;
    expect((await page.desk.get(older!)).text).toContain('Ended by its owner');
  });
});
