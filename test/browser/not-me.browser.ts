import type { Page } from 'playwright-core';

import { until } from '../support/gate';
import { describeWithChromium } from './chromium';
import { opened, screenshot, Showcase, violations } from './showcase';
import { PHONE } from './user-agents';
import { VARIANTS } from './variants';

describeWithChromium('the link of a mail about an unknown sign-in', () => {
  let demo: Showcase;

  beforeAll(async () => {
    demo = await Showcase.start();
  });
  afterAll(() => demo.stop());
  beforeEach(() => demo.database.empty());
  afterEach(() => {
    expect(demo.problems.splice(0)).toEqual([]);
  });

  const isLive = async (page: Page) => {
    await page.goto('/profile');
    return new URL(page.url()).pathname === '/profile';
  };

  /** Signs in on a known device and then on a new one, and opens the page with the mails in a third browser. */
  async function mailAbout(context: object): Promise<{ desk: Page; thief: Page; owner: Page }> {
    const { mailbox } = demo.nodes[0]!;
    const before = mailbox.mails.length;
    const desk = await demo.signedIn({ path: '/profile' });
    const thief = await demo.signedIn({ path: '/profile', userAgent: PHONE });
    await until(() => mailbox.mails.length > before);
    return { desk, thief, owner: await demo.device('/mails', context) };
  }

  describe.each(VARIANTS)('%s', (variant, context) => {
    const text = (english: string, german: string) => (context.locale === 'de-DE' ? german : english);
    const name = variant.replaceAll(' ', '-');
    const check = async (page: Page) => {
      if (context.javaScriptEnabled !== false) expect(await violations(page)).toEqual([]);
    };

    it('changes nothing until its button is pressed, ends the session then, and works once', async () => {
      const { desk, thief, owner } = await mailAbout(context);
      await check(owner);
      await screenshot(owner, `mails-${name}`);

      const link = owner.getByRole('link', { name: text('This wasn’t me', 'Das war ich nicht') }).first();
      const address = (await link.getAttribute('href'))!;
      await opened(owner, () => link.click());
      expect(await owner.getByRole('heading', { level: 1 }).textContent()).toBe(
        text('Was this you?', 'Waren Sie das?'),
      );
      expect(await owner.locator('dl').textContent()).toContain(
        text('Mobile Safari 18 on iOS 18.5', 'Mobile Safari 18 auf iOS 18.5'),
      );
      expect(await isLive(thief)).toBe(true);
      await check(owner);
      await screenshot(owner, `not-me-${name}`);

      await opened(owner, () => owner.getByRole('button').click());
      expect(new URL(owner.url()).pathname).toBe('/not-me/done');
      expect(await owner.getByRole('status').textContent()).toContain(
        text('The session was signed out.', 'Die Sitzung wurde abgemeldet.'),
      );
      expect([await isLive(thief), await isLive(desk)]).toEqual([false, false]);
      await check(owner);
      await screenshot(owner, `not-me-done-${name}`);
      await owner.reload();
      expect(await owner.getByRole('status').count()).toBe(1);

      const again = await owner.goto(address);
      expect(again!.status()).toBe(410);
      expect(await owner.getByRole('alert').textContent()).toContain(
        text('This link is invalid, has expired or was already used.', 'Dieser Link ist ungültig'),
      );
      expect(await owner.locator('main button').count()).toBe(0);
      await check(owner);
      await screenshot(owner, `not-me-again-${name}`);
      for (const page of [desk, thief, owner]) await page.context().close();
    });
  });

  it('sends its token to no other page', async () => {
    const { desk, thief, owner } = await mailAbout({});
    const reading: Promise<string | null>[] = [];
    owner.on('request', (request) => reading.push(request.headerValue('referer')));
    await opened(owner, () => owner.getByRole('link', { name: 'This wasn’t me' }).first().click());
    await opened(owner, () => owner.getByRole('button').click());
    await opened(owner, () => owner.getByRole('main').getByRole('link', { name: 'Sign in' }).click());
    owner.removeAllListeners('request');
    const referers = await Promise.all(reading);
    expect(referers.length).toBeGreaterThan(5);
    expect(referers.filter((referer) => referer?.includes('/not-me/'))).toEqual([]);
    for (const page of [desk, thief, owner]) await page.context().close();
  });
});
