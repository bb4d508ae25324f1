import type { BrowserContextOptions, Page } from 'playwright-core';

import { until } from '../support/gate';
import { DAY } from '../support/sessions';
import { opened, signIn, type Showcase } from './showcase';
import { LAPTOP, PHONE } from './user-agents';

/** Looks at a page, which has a name. */
export type Visit = (page: Page, name: string) => Promise<void>;

/** Opens every page of the demo in its important states, in browsers with this context. The limit must be three sessions. */
export async function tour(demo: Showcase, context: BrowserContextOptions, visit: Visit): Promise<void> {
  await demo.database.empty();
  const { manager, mailbox } = demo.nodes[0]!;
  const open = async (userId: string, userAgent: string) =>
    (await manager.open({ userId, userAgent, ipAddress: '192.0.2.7', staySignedIn: true })).session.sessionId;
  const goto = async (page: Page, path: string, name: string) => {
    await page.goto(path);
    await visit(page, name);
  };

  // Pages that need no session
  const page = await demo.device('/sign-in?notice=revoked', context);
  await visit(page, 'sign-in');
  await page.fill('[name=name]', 'alice');
  await page.fill('[name=password]', 'wrong');
  await opened(page, () => page.click('main button'));
  await visit(page, 'sign-in-wrong');

  // The account page
  const unused = await open('alice', LAPTOP);
  await demo.database
    .knex('identity_sessions')
    .where({ session_id: unused })
    .update({ signed_in: new Date(Date.now() - 200 * DAY), last_accessed: new Date(Date.now() - 120 * DAY) });
  const phone = await open('alice', PHONE);
  await manager.update(phone, { name: 'Phone!' });
  await manager.signInFailed({ name: 'alice', owner: { userId: 'alice' }, ipAddress: '203.0.113.9' });
  await signIn(page, 'alice');
  await goto(page, '/account/sessions?notice=named', 'account');
  await page.locator('[name=selected]').first().check();
  await visit(page, 'account-selected');
  await page.locator('#eis-others .eis-session button').first().click();
  await page.getByRole('dialog').waitFor();
  await visit(page, 'account-dialog');
  await page.keyboard.press('Escape');
  await goto(page, `/account/sessions/sessions/${phone}`, 'session');
  await opened(page, () => page.locator('main button').last().click());
  await visit(page, 'question');
  await goto(page, '/account/sessions/history', 'history');
  await goto(page, '/profile', 'profile');
  await goto(page, '/admin/sessions', 'forbidden');
  await page.goto('/element');
  await page.getByRole('listitem').first().waitFor();
  await visit(page, 'element');

  // A new device
  await manager.administration.revoke(unused);
  const before = mailbox.mails.length;
  const thief = await demo.signedIn({ path: '/profile', userAgent: PHONE });
  await until(() => mailbox.mails.length > before);
  await thief.context().close();
  await goto(page, '/mails', 'mails');
  const link = (await page.locator('main a[href*="/not-me/"]').first().getAttribute('href'))!;
  await goto(page, link, 'not-me');
  await opened(page, () => page.locator('main button').click());
  await visit(page, 'not-me-done');
  await goto(page, link, 'not-me-again');

  // The choice at the limit
  for (const userAgent of [LAPTOP, PHONE, PHONE]) await open('bob', userAgent);
  await page.goto('/sign-in');
  await signIn(page, 'bob');
  await visit(page, 'choice');
  await opened(page, () => page.locator('main button').click());
  await page.locator('[name=selected]').first().check();
  await visit(page, 'choice-nothing');

  // The page for administrators
  await page.goto('/sign-in');
  await signIn(page, 'admin');
  await goto(page, '/admin/sessions', 'admin');
  await opened(page, () => page.locator('.eis-table a').last().click());
  await visit(page, 'admin-session');
  await goto(page, '/admin/sessions/policy', 'admin-policy');
  await page.context().close();
}
