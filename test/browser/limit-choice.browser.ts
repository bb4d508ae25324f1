import type { Page } from 'playwright-core';

import { describeWithChromium } from './chromium';
import { opened, screenshot, Showcase, signIn, violations } from './showcase';
import { LAPTOP, PHONE, TABLET } from './user-agents';
import { VARIANTS } from './variants';

describeWithChromium('the choice at the limit', () => {
  let demo: Showcase;

  beforeAll(async () => {
    demo = await Showcase.start({ maxSessionsPerUser: 3 });
  });
  afterAll(() => demo.stop());
  beforeEach(async () => {
    await demo.database.empty();
    const { manager } = demo.nodes[0]!;
    for (const userAgent of [PHONE, TABLET, LAPTOP]) {
      await manager.open({ userId: 'alice', userAgent, ipAddress: '192.0.2.7', staySignedIn: true });
    }
  });
  afterEach(() => {
    expect(demo.problems.splice(0)).toEqual([]);
  });

  const devices = async () => {
    const { sessions } = await demo.nodes[0]!.manager.list({ userId: 'alice' });
    return sessions.map((session) => demo.nodes[0]!.manager.describe(session).device.name.system);
  };

  /** Signs in beyond the limit, on the way to another page. */
  async function refused(context: object = {}): Promise<Page> {
    const page = await demo.device('/profile', context);
    await signIn(page, 'alice');
    expect(new URL(page.url()).pathname).toBe('/sign-in/choice');
    return page;
  }

  describe.each(VARIANTS)('%s', (variant, context) => {
    const text = (english: string, german: string) => (context.locale === 'de-DE' ? german : english);
    const name = variant.replaceAll(' ', '-');
    const check = async (page: Page) => {
      if (context.javaScriptEnabled !== false) expect(await violations(page)).toEqual([]);
    };
    const submit = (page: Page) => opened(page, () => page.locator('main button').click());

    it('signs the user in after they have chosen a session', async () => {
      const page = await refused(context);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
        text('You are signed in too often', 'Sie sind zu oft angemeldet'),
      );
      await check(page);
      await screenshot(page, `choice-${name}`);

      await submit(page);
      expect(await page.getByRole('alert').textContent()).toContain(
        text('Select at least one session first.', 'Wählen Sie zuerst mindestens eine Sitzung aus.'),
      );
      expect(await devices()).toHaveLength(3);
      await check(page);
      await screenshot(page, `choice-nothing-${name}`);

      const phone = text('Mobile Safari 18 on iOS 18.5', 'Mobile Safari 18 auf iOS 18.5');
      await page.getByRole('checkbox', { name: text(`Select ${phone}`, `${phone} auswählen`) }).check();
      await submit(page);
      expect(new URL(page.url()).pathname).toBe('/profile');
      expect(await devices()).toHaveLength(3);
      expect(await devices()).not.toContain('iOS 18.5');
      await page.context().close();
    });
  });

  it('tells the browser whose session was chosen', async () => {
    const [oldest] = (await demo.nodes[0]!.manager.list({ userId: 'alice' })).sessions.slice(-1);
    await demo.nodes[0]!.manager.administration.revoke(oldest!.sessionId);
    const desk = await demo.signedIn();
    const page = await refused({ userAgent: PHONE });
    await page.getByRole('checkbox', { name: 'Select Chrome' }).first().check();
    await opened(page, () => page.locator('main button').click());
    await desk.getByRole('status').getByText('You ended it from another session.').waitFor();
    await desk.context().close();
    await page.context().close();
  });

  it('leads to the sign-in page if its ticket is used up, and says why', async () => {
    const page = await refused();
    await page.context().clearCookies();
    await page.reload();
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(await page.getByRole('status').textContent()).toContain('You are not signed in yet.');
    await page.context().close();
  });

  it('can be cancelled, which ends nothing', async () => {
    const page = await refused();
    await opened(page, () => page.getByRole('link', { name: 'Cancel' }).click());
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(await devices()).toHaveLength(3);
    await page.context().close();
  });
});
