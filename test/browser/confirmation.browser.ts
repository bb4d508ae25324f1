import type { Locator, Page } from 'playwright-core';

import { describeWithChromium } from './chromium';
import { opened, screenshot, Showcase, violations } from './showcase';
import { PHONE } from './user-agents';

const RECENCY = 5000;

describeWithChromium('a browser whose user must confirm that it is them', () => {
  let demo: Showcase;

  beforeAll(async () => {
    demo = await Showcase.start({ recency: RECENCY });
  });
  afterAll(() => demo.stop());
  beforeEach(() => demo.database.empty());
  afterEach(() => expect(demo.problems.splice(0)).toEqual([]));

  const pressSignOut = (page: Page) => page.getByRole('button', { name: /^Sign out Mobile Safari/ }).click();
  const answer = (question: Locator) =>
    question.getByRole('button', { name: 'Sign out', exact: true }).click();

  it.each([true, false])(
    'is asked for the password, led back, and can then end another session, with scripts: %p',
    async (javaScriptEnabled) => {
      await demo.nodes[0]!.manager.open({ userId: 'alice', userAgent: PHONE, ipAddress: '192.0.2.7' });
      const page = await demo.signedIn({ javaScriptEnabled });
      await page.waitForTimeout(RECENCY);
      // Without scripts, a page would ask next. It requires the authentication already.
      if (javaScriptEnabled) await pressSignOut(page);
      await opened(page, () => (javaScriptEnabled ? answer(page.getByRole('dialog')) : pressSignOut(page)));
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Confirm that it is you');
      if (javaScriptEnabled) expect(await violations(page)).toEqual([]);
      await screenshot(page, 'confirmation');

      await page.fill('[name=password]', 'a guess');
      await opened(page, () => page.getByRole('button', { name: 'Confirm' }).click());
      expect(await page.getByRole('alert').textContent()).toContain('The password is wrong.');
      await page.fill('[name=password]', 'wonderland');
      await opened(page, () => page.getByRole('button', { name: 'Confirm' }).click());
      expect(new URL(page.url()).pathname).toBe('/account/sessions');
      await (javaScriptEnabled ? pressSignOut(page) : opened(page, () => pressSignOut(page)));
      await answer(page.getByRole(javaScriptEnabled ? 'dialog' : 'main'));
      await page.getByRole('status').getByText('1 session was signed out.').waitFor();
      await page.context().close();
    },
  );
});
