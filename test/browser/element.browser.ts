import type { Page } from 'playwright-core';

import { describeWithChromium } from './chromium';
import { screenshot, Showcase, violations } from './showcase';
import { HOSTILE, LAPTOP, PHONE } from './user-agents';

describeWithChromium('<identity-sessions>', () => {
  let demo: Showcase;
  let page: Page;

  beforeAll(async () => {
    demo = await Showcase.start();
  });
  afterAll(() => demo.stop());

  async function show(locale = 'en-GB'): Promise<void> {
    const { manager } = demo.nodes[0]!;
    await demo.database.empty();
    const { session } = await manager.open({
      userId: 'alice',
      userAgent: PHONE,
      clientId: HOSTILE.slice(0, 64),
    });
    await manager.update(session.sessionId, { name: HOSTILE.slice(0, 64) });
    await manager.open({ userId: 'alice', userAgent: LAPTOP });
    page = await demo.signedIn({ path: '/element', locale });
    await page.getByRole('listitem').first().waitFor();
  }
  afterEach(async () => {
    expect(demo.problems.splice(0)).toEqual([]);
    await page.context().close();
  });

  const titles = () => page.locator('identity-sessions li strong').allTextContents();

  it('lists the current session first, under a strict policy, with foreign text as text', async () => {
    await show();
    expect((await titles())[0]).toContain('This browser');
    expect(await titles()).toContain(`${HOSTILE.slice(0, 64)} `);
    expect(await page.locator('identity-sessions img').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await screenshot(page, 'element');
  });

  it('ends one session after a question, tells the page, and moves the focus to the result', async () => {
    await show();
    await page.evaluate(
      `document.addEventListener('session-ended', ({ detail }) => (window.ended = detail.ids.length))`,
    );
    await page.getByRole('button', { name: 'Sign out Firefox 140 on Linux' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign out “Firefox 140 on Linux”?' });
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('status').getByText('Firefox 140 on Linux was signed out.').waitFor();
    expect(await titles()).toHaveLength(2);
    expect(await page.evaluate('window.ended')).toBe(1);
  });

  it('ends all others, in German', async () => {
    await show('de-DE');
    await page.getByRole('button', { name: 'Alle anderen Sitzungen abmelden' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Abmelden' }).click();
    await page.getByRole('button', { name: 'Alle anderen' }).waitFor({ state: 'detached' });
    expect(await titles()).toHaveLength(1);
    expect((await titles())[0]).toContain('Dieser Browser');
  });

  it('tells the page when its session has ended', async () => {
    await show();
    await page.evaluate(
      `document.addEventListener('signed-out', ({ detail }) => (window.reason = detail.reason))`,
    );
    await demo.nodes[0]!.manager.onCredentialChange({ userId: 'alice', tenantId: null });
    await page.evaluate(`document.querySelector('identity-sessions').refresh()`);
    await page.getByRole('alert').getByText('Sign in again to see your sessions.').waitFor();
    expect(await page.evaluate('window.reason')).toBe('credential-changed');
  });
});
