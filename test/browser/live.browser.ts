import type { Page } from 'playwright-core';

import { describeWithChromium } from './chromium';
import { Showcase } from './showcase';
import { PHONE } from './user-agents';

describeWithChromium('an open account page', () => {
  let demo: Showcase;
  let desk: Page;

  beforeAll(async () => {
    demo = await Showcase.start();
  });
  afterAll(() => demo.stop());
  beforeEach(async () => {
    await demo.database.empty();
    desk = await demo.signedIn();
  });
  afterEach(() => desk.context().close());

  const items = (page: Page) => page.locator('#eis-live .eis-session');

  it.each([0, 1])('shows a sign-in on node %i without a reload, and announces it', async (on) => {
    const phone = await demo.signedIn({ on, userAgent: PHONE });
    await desk.getByRole('link', { name: 'Mobile Safari 18 on iOS 18.5' }).waitFor();
    expect(await items(desk).count()).toBe(2);
    expect(await desk.locator('#eis-announcer').textContent()).toBe(
      'New session: Mobile Safari 18 on iOS 18.5',
    );
    await phone.context().close();
  });

  it.each([0, 1])(
    'leads a browser on node %i whose session ends to the sign-in page with the reason',
    async (on) => {
      const phone = await demo.signedIn({ on, userAgent: PHONE });
      await desk.getByRole('button', { name: 'Sign out Mobile Safari 18 on iOS 18.5' }).click();
      await desk.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
      await phone.getByRole('status').getByText('You ended it from another session.').waitFor();
      expect(phone.url()).toContain('/sign-in');
      await phone.context().close();
    },
  );

  it('removes a session that ends elsewhere, and keeps checked boxes and the focus', async () => {
    const phone = await demo.signedIn({ userAgent: PHONE });
    const tablet = await demo.signedIn({ on: 1 });
    await desk.reload();
    await desk.getByRole('checkbox', { name: 'Select Chrome' }).check();
    await desk.getByRole('button', { name: 'Sign out Mobile Safari 18 on iOS 18.5' }).focus();
    await phone.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
    await desk.getByRole('link', { name: 'Mobile Safari 18 on iOS 18.5' }).waitFor({ state: 'detached' });
    expect(await desk.getByRole('checkbox', { name: 'Select Chrome' }).isChecked()).toBe(true);
    // The focus moves to the same button of the next session.
    expect(await desk.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(
      /^Sign out .*Chrome/,
    );
    await phone.context().close();
    await tablet.context().close();
  });

  it('has no stream while it is hidden, and is current again when it is shown', async () => {
    await desk.evaluate(`Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
    const phone = await demo.signedIn({ userAgent: PHONE });
    await desk.waitForTimeout(500);
    expect(await items(desk).count()).toBe(1);
    await desk.evaluate(`Object.defineProperty(document, 'hidden', { value: false, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
    await desk.getByRole('link', { name: 'Mobile Safari 18 on iOS 18.5' }).waitFor();
    await phone.context().close();
  });
});
