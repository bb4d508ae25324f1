import type { Page } from 'playwright-core';

import { satisfies } from '../support/compliance';
import { DAY } from '../support/sessions';
import { describeWithChromium } from './chromium';
import { opened, screenshot, Showcase, violations } from './showcase';
import { HOSTILE, LAPTOP, PHONE, TABLET } from './user-agents';
import { VARIANTS } from './variants';

describeWithChromium('the account page', () => {
  let demo: Showcase;

  beforeAll(async () => {
    demo = await Showcase.start({ longLifetime: '400D', inactiveTimeSpan: '500D' });
  });
  afterAll(() => demo.stop());
  beforeEach(() => demo.database.empty());
  afterEach(() => {
    expect(demo.problems.splice(0)).toEqual([]);
  });

  /** Opens sessions of alice without a browser. */
  async function open(userAgents: readonly string[]): Promise<string[]> {
    const { manager } = demo.nodes[0]!;
    const opened: string[] = [];
    for (const userAgent of userAgents) {
      const signIn = { userId: 'alice', userAgent, ipAddress: '192.0.2.7', staySignedIn: true };
      opened.push((await manager.open(signIn)).session.sessionId);
    }
    return opened;
  }

  /** Moves the sign-in and the last use of a session into the past. */
  async function age(sessionId: string, signedIn: number, lastAccessed: number): Promise<void> {
    const time = (ago: number) => new Date(Date.now() - ago);
    await demo.database
      .knex('identity_sessions')
      .where({ session_id: sessionId })
      .update({ signed_in: time(signedIn), last_accessed: time(lastAccessed) });
  }

  const titles = (page: Page) => page.locator('.eis-session[id] h3 a').allTextContents();

  describe.each(VARIANTS)('%s', (variant, context) => {
    const german = context.locale === 'de-DE';
    const scripts = context.javaScriptEnabled !== false;
    const text = (english: string, translated: string) => (german ? translated : english);
    const name = variant.replaceAll(' ', '-');

    /** Scripts of a tool do not run either if a browser has none. The pages are the same, except for the question. */
    const check = async (page: Page) => {
      if (scripts) expect(await violations(page)).toEqual([]);
    };

    /** Presses a button, and the button of the question that follows. */
    async function signOut(page: Page, button: RegExp | string): Promise<void> {
      const press = () => page.getByRole('button', { name: button, exact: true }).click();
      await (scripts ? press() : opened(page, press));
      const question = scripts ? page.getByRole('dialog') : page.locator('.eis-question');
      await question.waitFor();
      await check(page);
      await screenshot(page, `question-${name}`);
      await opened(page, () => question.getByRole('button', { name: text('Sign out', 'Abmelden') }).click());
    }

    it('shows the current session first, names, and the sessions that were not used for 90 days', async () => {
      const [phone, tablet, laptop] = await open([PHONE, TABLET, LAPTOP]);
      await age(phone!, 2 * DAY, 3_600_000);
      await age(tablet!, 9 * DAY, DAY);
      await age(laptop!, 200 * DAY, 120 * DAY);
      await demo.nodes[0]!.manager.update(tablet!, { name: 'Kitchen tablet' });
      const page = await demo.signedIn(context);

      const [current, ...others] = await titles(page);
      expect(current).toContain('Chrome');
      expect(others).toEqual([
        text('Mobile Safari 18 on iOS 18.5', 'Mobile Safari 18 auf iOS 18.5'),
        'Kitchen tablet',
        text('Firefox 140 on Linux', 'Firefox 140 auf Linux'),
      ]);
      const unused = page.locator('#eis-unused');
      expect(await unused.getByRole('heading', { level: 2 }).textContent()).toContain('90');
      expect(await unused.getByRole('listitem').count()).toBe(1);
      await check(page);
      await screenshot(page, `account-${name}`);
      await page.context().close();
    });

    it('names a session', async () => {
      const page = await demo.signedIn(context);
      await opened(page, () => page.locator('#eis-current h3 a').click());
      await check(page);
      await screenshot(page, `session-${name}`);
      await page.getByLabel(text('Name of this session', 'Name dieser Sitzung')).fill('Desk');
      await opened(page, () =>
        page.getByRole('button', { name: text('Save name', 'Namen speichern') }).click(),
      );
      expect(await page.getByRole('status').first().textContent()).toContain(text('saved', 'gespeichert'));
      expect(await titles(page)).toEqual(['Desk']);
      await page.context().close();
    });

    it('ends one session, whose browser is led to the sign-in page with the reason', async () => {
      const phone = await demo.signedIn({ ...context, userAgent: PHONE });
      const page = await demo.signedIn(context);
      const title = text('Mobile Safari 18 on iOS 18.5', 'Mobile Safari 18 auf iOS 18.5');
      await signOut(page, text(`Sign out ${title}`, `${title} abmelden`));
      expect(await page.locator('.eis-notice').textContent()).toContain(
        text('1 session was', '1 Sitzung wurde'),
      );
      // The browser sets this focus when it draws the page for the first time.
      if (scripts) await page.waitForFunction(`document.activeElement.matches('.eis-notice')`);
      await screenshot(page, `ended-${name}`);
      if (!scripts) await phone.reload();
      const reason = text(
        'You ended it from another session.',
        'Sie haben sie aus einer anderen Sitzung beendet.',
      );
      await phone.getByRole('status').getByText(reason).waitFor();
      await phone.waitForLoadState();
      expect(phone.url()).toContain('/sign-in');
      await check(phone);
      await screenshot(phone, `told-${name}`);
      await page.context().close();
      await phone.context().close();
    });

    it('ends several sessions, and then all others', async () => {
      await open([PHONE, TABLET, LAPTOP, LAPTOP]);
      const page = await demo.signedIn(context);
      const boxes = page.locator('[name=selected]');
      await boxes.nth(0).check();
      await boxes.nth(2).check();
      await signOut(page, text('Sign out selected', 'Auswahl abmelden'));
      expect(await page.locator('.eis-notice').textContent()).toContain('2');
      expect(await titles(page)).toHaveLength(3);
      await signOut(page, text('Sign out all 2 other sessions', 'Alle 2 anderen Sitzungen abmelden'));
      expect(await titles(page)).toHaveLength(1);
      expect(await page.locator('.eis-empty').first().textContent()).toContain(
        text('You are not signed in anywhere else.', 'Sie sind sonst nirgends angemeldet.'),
      );
      await check(page);
      await page.context().close();
    });

    it('shows the history with ends, their reasons and failed attempts', async () => {
      const [phone] = await open([PHONE]);
      await demo.nodes[0]!.manager.administration.revoke(phone!, { by: 'admin' });
      await demo.nodes[0]!.manager.signInFailed({
        name: 'alice',
        owner: { userId: 'alice' },
        ipAddress: '203.0.113.9',
      });
      const page = await demo.signedIn(context);
      const history = page.locator('.eis-history');
      const entries = await history.getByRole('heading').allInnerTexts();
      expect(entries).toEqual([
        text('Signed in', 'Angemeldet'),
        text('Failed attempt to sign in', 'Fehlgeschlagener Versuch, sich anzumelden'),
        text('Ended by an administrator', 'Von einem Administrator beendet'),
        text('Signed in', 'Angemeldet'),
      ]);
      expect(await history.textContent()).toContain(text('by admin', 'von admin'));
      await check(page);
      await screenshot(page, `history-${name}`);
      await page.context().close();
    });
  });

  it('asks on a page of its own if the button is outside the list', async () => {
    const page = await demo.signedIn();
    await opened(page, () => page.locator('#eis-current h3 a').click());
    await opened(page, () => page.locator('main').getByRole('button', { name: 'Sign out' }).click());
    expect(await page.locator('.eis-question').textContent()).toContain('Sign out of this browser?');
    expect(await violations(page)).toEqual([]);
    await screenshot(page, 'question-page');
    await page.locator('.eis-question').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('status').getByText('You are signed out.').waitFor();
    await page.context().close();
  });

  it(satisfies('shows hostile user agents, client ids and names as text', 'ASVS 3.2.2'), async () => {
    const { manager } = demo.nodes[0]!;
    const { session } = await manager.open({
      userId: 'alice',
      userAgent: HOSTILE,
      clientId: HOSTILE.slice(0, 64),
    });
    await manager.update(session.sessionId, { name: HOSTILE.slice(0, 64) });
    await manager.open({ userId: 'alice', userAgent: HOSTILE, clientId: `'--><svg/onload=alert(1)>` });
    const page = await demo.signedIn();
    expect(await titles(page)).toContain(HOSTILE.slice(0, 64));
    expect(await page.locator('main').textContent()).toContain(`'--><svg/onload=alert(1)>`);
    expect(await page.locator('main img, main script, main svg[onload]').count()).toBe(0);
    await page.getByRole('button', { name: `Sign out ${HOSTILE.slice(0, 64)}` }).click();
    expect(await page.getByRole('dialog').textContent()).toContain(HOSTILE.slice(0, 64));
    expect(await page.locator('dialog img, dialog script').count()).toBe(0);
    await page.context().close();
  });

  it('paints the list before its script has loaded, and nothing moves when it starts', async () => {
    await open([PHONE, TABLET]);
    const signedIn = await demo.signedIn({ javaScriptEnabled: false });
    const page = await demo.device('/account/sessions', {
      storageState: await signedIn.context().storageState(),
    });
    const held: (() => void)[] = [];
    await page.route('**/pages.*.js', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    await page.goto('/account/sessions', { waitUntil: 'commit' });
    await page.getByRole('link', { name: 'Mobile Safari' }).waitFor();
    const painted = `new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().length))
      .observe({ type: 'paint', buffered: true }))`;
    expect(await page.evaluate(painted)).toBeGreaterThan(0);
    expect(held).toHaveLength(1);
    held[0]!();
    await page.waitForResponse('**/events?*');
    expect(await page.evaluate(SHIFTS)).toEqual([]);
    await page.context().close();
    await signedIn.context().close();
  });

  it('has no box that selects all sessions without scripts, which would do nothing', async () => {
    await open([PHONE, TABLET]);
    for (const javaScriptEnabled of [true, false]) {
      const page = await demo.signedIn({ javaScriptEnabled });
      expect(await page.getByRole('checkbox', { name: 'Select all' }).count()).toBe(
        javaScriptEnabled ? 1 : 0,
      );
      await page.context().close();
    }
  });

  it('shows 100 sessions with less than 60 KB in total, and 500 on pages', async () => {
    for (let i = 0; i < 5; i++)
      await open(Array.from({ length: 100 }, (_, at) => [PHONE, TABLET, LAPTOP][at % 3]!));
    const page = await demo.signedIn();
    expect(await titles(page)).toHaveLength(100);
    await page.getByRole('button', { name: 'Sign out all 500 other sessions' }).waitFor();
    expect(await page.evaluate(TRANSFERRED)).toBeLessThan(60_000);
    expect(await violations(page)).toEqual([]);
    await opened(page, () => page.getByRole('link', { name: 'Older sessions' }).click());
    expect(await titles(page)).toHaveLength(100);
    await page.getByRole('link', { name: 'Newest sessions' }).waitFor();
    await page.context().close();
  });

  it.each([
    ['on a desktop', {}],
    ['on a phone', { viewport: { width: 390, height: 844 } }],
  ])('moves nothing while it loads %s, also if the script comes late', async (_, context) => {
    for (const id of await open([PHONE, TABLET, LAPTOP])) await age(id, 2 * DAY, DAY);
    const page = await demo.signedIn(context);
    await page.route('**/assets/pages.*.js', async (route) => {
      await page.locator('.eis-session').first().waitFor();
      await page.waitForTimeout(500);
      await route.continue();
    });
    await page.reload();
    expect(await page.getByRole('checkbox', { name: 'Select all' }).isVisible()).toBe(true);
    expect(await page.evaluate(SHIFTS)).toEqual([]);
    await page.context().close();
  });
});

/** The bytes that the page and its files took on the network. */
const TRANSFERRED = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, { transferSize }) => sum + transferSize, 0)`;

/** The elements that have moved since the page was opened. */
const SHIFTS = `new Promise((resolve) => {
  const moved = [];
  new PerformanceObserver((list) => {
    for (const { sources } of list.getEntries()) moved.push(...sources.map(({ node }) => node?.outerHTML ?? ''));
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(moved), 500);
})`;
