import type { Page } from 'playwright-core';

import { sessionsOf } from '../../lib';
import { describeWithChromium } from './chromium';
import { screenshot, Showcase, violations } from './showcase';
import { HOSTILE, LAPTOP, PHONE } from './user-agents';

const ALICE = { userId: 'alice', tenantId: null };

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

  it('names the current and other sessions, and removes a name', async () => {
    await show();
    await page.evaluate(`window.named = [];
      document.addEventListener('session-named', ({ detail }) => window.named.push(detail.name))`);
    const rename = async (title: string, name: string) => {
      await page.getByRole('button', { name: `Name ${title}` }).click();
      const dialog = page.getByRole('dialog', { name: `Name of “${title}”` });
      await dialog.getByRole('textbox').fill(name);
      expect(await violations(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('status').getByText('The name was saved.').waitFor();
      await page.evaluate(
        `document.querySelector('identity-sessions').shadowRoot.querySelector('p').textContent = ''`,
      );
    };
    await rename('Firefox 140 on Linux', ' Old laptop ');
    expect(await titles()).toContain('Old laptop ');
    const own = (await titles())[0]!.replace(/ This browser$/, '').trim();
    await rename(own, HOSTILE.slice(0, 60));
    expect((await titles())[0]).toContain(HOSTILE.slice(0, 60));
    await rename('Old laptop', ' ');
    expect(await titles()).toContain('Firefox 140 on Linux ');
    expect(await page.evaluate('window.named')).toEqual(['Old laptop', HOSTILE.slice(0, 60), null]);
    const { manager } = demo.nodes[0]!;
    const names = (await manager.list(ALICE)).sessions.map(({ name }) => name);
    expect(names.sort()).toEqual([HOSTILE.slice(0, 60), HOSTILE.slice(0, 64), null].sort());
  });

  it('shows a problem with a name in the language of the element, and keeps the old name', async () => {
    await show();
    await page.evaluate(`document.querySelector('identity-sessions').lang = 'de'`);
    await page.getByRole('button', { name: 'Firefox 140 auf Linux benennen' }).click();
    const field = page.getByRole('dialog').getByRole('textbox');
    await page.evaluate(
      `document.querySelector('identity-sessions').shadowRoot.querySelector('input').removeAttribute('maxlength')`,
    );
    await field.fill('x'.repeat(65));
    await field.press('Enter');
    await page.getByRole('alert').getByText('muss ein Text von 1 bis 64 Zeichen sein').waitFor();
    expect(await titles()).toContain('Firefox 140 auf Linux ');
  });

  it.each([0, 1])('shows sign-ins, names and ends on node %i without a reload', async (on) => {
    await show();
    const { manager } = demo.nodes[on]!;
    const { session } = await manager.open({ ...ALICE, userAgent: LAPTOP });
    const appeared = page.getByRole('status').getByText('New session: Firefox 140 on Linux.');
    await appeared.waitFor();
    expect(await titles()).toHaveLength(4);
    await manager.update(session.sessionId, { name: 'New laptop' });
    await page.getByText('New laptop').waitFor();
    await manager.revoke(sessionsOf(ALICE, [session.sessionId]));
    await page.getByText('New laptop').waitFor({ state: 'detached' });
  });

  it('keeps the focus on its button, and moves it to the next session if that ends', async () => {
    await show();
    const { manager } = demo.nodes[0]!;
    const focused = () =>
      page.evaluate(
        `document.querySelector('identity-sessions').shadowRoot.activeElement.getAttribute('aria-label')`,
      );
    await page.getByRole('button', { name: 'Name Firefox 140 on Linux' }).focus();
    const { session } = await manager.open({ ...ALICE, userAgent: PHONE });
    await page.getByRole('status').getByText('New session').waitFor();
    expect(await focused()).toBe('Name Firefox 140 on Linux');
    const laptop = (await manager.list(ALICE)).sessions.find(({ userAgent }) => userAgent === LAPTOP)!;
    await manager.revoke(sessionsOf(ALICE, [laptop.sessionId]));
    await page.getByText('Firefox 140 on Linux').waitFor({ state: 'detached' });
    expect(await focused()).toMatch(/^Name (?!Firefox)/);
    await manager.revoke(sessionsOf(ALICE, [session.sessionId]));
  });

  it.each([0, 1])(
    'tells the page when its session has ended on node %i, and hides the sessions',
    async (on) => {
      await show();
      await page.evaluate(
        `document.addEventListener('signed-out', ({ detail }) => (window.reason = detail.reason))`,
      );
      await demo.nodes[on]!.manager.onCredentialChange(ALICE);
      await page.getByRole('alert').getByText('Sign in again to see your sessions.').waitFor();
      expect(await page.evaluate('window.reason')).toBe('credential-changed');
      expect(await titles()).toEqual([]);
      expect(await violations(page)).toEqual([]);
    },
  );

  it('signs out of this browser, and tells the page once', async () => {
    await show();
    await page.evaluate(`window.reasons = [];
      document.addEventListener('signed-out', ({ detail }) => window.reasons.push(detail.reason))`);
    await page.getByRole('listitem').first().getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('alert').getByText('Sign in again').waitFor();
    await page.waitForTimeout(300);
    expect(await page.evaluate('window.reasons')).toEqual(['signed-out']);
  });

  const hide = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
  const display = (value: string) =>
    page.evaluate(`document.querySelector('identity-sessions').style.display = '${value}'`);

  it.each([
    ['the tab is hidden', () => hide(true), () => hide(false)],
    ['it is not displayed', () => display('none'), () => display('block')],
  ])('has no stream while %s, and is current again when it is shown', async (_, conceal, reveal) => {
    await show();
    const closed = page.waitForEvent('requestfailed', (request) =>
      request.url().endsWith('/sessions/events'),
    );
    await conceal();
    await closed;
    await demo.nodes[0]!.manager.open({ ...ALICE, userAgent: LAPTOP });
    await page.waitForTimeout(300);
    expect(await page.locator('identity-sessions li').count()).toBe(3);
    const opened = page.waitForRequest('**/sessions/events');
    await reveal();
    await opened;
    await page.locator('identity-sessions li').nth(3).waitFor({ state: 'attached' });
  });

  it('has one stream, which is no use of its session', async () => {
    let streams = 0;
    await show();
    page.on('request', (request) => (streams += request.url().endsWith('/events') ? 1 : 0));
    const { manager } = demo.nodes[0]!;
    await manager.flush();
    const usedAt = async () => (await manager.list(ALICE)).sessions.map(({ lastAccessed }) => lastAccessed);
    const before = await usedAt();
    await page.waitForTimeout(6000);
    await manager.flush();
    expect(await usedAt()).toEqual(before);
    expect(streams).toBe(0);
  });
});
