import type { Locator, Page } from 'playwright-core';

import { describeWithChromium } from './chromium';
import { screenshot, Showcase, violations } from './showcase';
import { LAPTOP, PHONE, TABLET } from './user-agents';

/** The largest number of actions, such as clicks, that a task may take from the account page. */
const MOST_ACTIONS = 5;

describeWithChromium('tasks that people have', () => {
  let demo: Showcase;
  let page: Page;
  let actions: number;

  beforeAll(async () => {
    demo = await Showcase.start();
  });
  afterAll(() => demo.stop());

  beforeEach(async () => {
    await demo.database.empty();
    const { manager } = demo.nodes[0]!;
    const arrival = { userId: 'alice', staySignedIn: true };
    await manager.open({ ...arrival, userAgent: PHONE, ipAddress: '192.0.2.7' });
    await manager.open({ ...arrival, userAgent: TABLET, ipAddress: '192.0.2.8' });
    await manager.open({ ...arrival, userAgent: LAPTOP, ipAddress: '192.0.2.9' });
    await manager.signInFailed({ name: 'alice', owner: { userId: 'alice' }, ipAddress: '203.0.113.9' });
    page = await demo.signedIn();
    actions = 0;
  });
  afterEach(async () => {
    expect(actions).toBeLessThanOrEqual(MOST_ACTIONS);
    expect(demo.problems.splice(0)).toEqual([]);
    await page.context().close();
  });

  const phone = 'Mobile Safari 18 on iOS 18.5';
  const tablet = 'Chrome 138 on Android 14';
  const laptop = 'Firefox 140 on Linux';

  const press = async (target: Locator) => {
    actions++;
    await target.click();
  };
  const confirm = () => press(page.getByRole('dialog').getByRole('button', { name: 'Sign out' }));
  const titles = () => page.locator('#eis-live h3 a').allTextContents();

  it('which one is this browser?', async () => {
    const current = page.getByRole('listitem').filter({ hasText: 'This browser' });
    expect(await current.count()).toBe(1);
    expect(await current.textContent()).toContain('Chrome');
  });

  it('end the phone', async () => {
    await press(page.getByRole('button', { name: `Sign out ${phone}` }));
    await confirm();
    await page.getByRole('status').getByText('1 session was signed out.').waitFor();
    expect(await titles()).not.toContain(phone);
  });

  it('sign out everywhere else, for example after a theft', async () => {
    await press(page.getByRole('button', { name: 'Sign out all 3 other sessions' }));
    await confirm();
    await page.getByRole('status').getByText('3 sessions were signed out.').waitFor();
    expect(await titles()).toHaveLength(1);
  });

  it('sign out two of the devices', async () => {
    await press(page.getByRole('checkbox', { name: `Select ${phone}` }));
    await press(page.getByRole('checkbox', { name: `Select ${laptop}` }));
    await press(page.getByRole('button', { name: 'Sign out selected' }));
    await confirm();
    await page.getByRole('status').getByText('2 sessions were signed out.').waitFor();
    expect((await titles()).slice(1)).toEqual([tablet]);
  });

  it('give the tablet a name', async () => {
    await press(page.getByRole('link', { name: tablet }));
    actions++;
    await page.getByLabel('Name of this session').fill('Kitchen tablet');
    await press(page.getByRole('button', { name: 'Save name' }));
    expect(await titles()).toContain('Kitchen tablet');
  });

  it('from which address was the laptop used?', async () => {
    await press(page.getByRole('link', { name: laptop }));
    expect(await page.locator('main dl').textContent()).toContain('192.0.2.9');
  });

  it('who signed in today?', async () => {
    const entries = page.locator('.eis-history .eis-session').filter({ hasText: 'Signed in' });
    expect(await entries.count()).toBe(4);
    expect(await entries.nth(1).textContent()).toContain(laptop);
    expect(await entries.nth(1).locator('time').getAttribute('title')).toMatch(/\d{4}/);
  });

  it('has somebody tried to sign in as me?', async () => {
    const failed = page.locator('.eis-history .eis-session').filter({ hasText: 'Failed attempt' });
    expect(await failed.textContent()).toContain('203.0.113.9');
  });

  it('sign out of this browser', async () => {
    await press(page.locator('#eis-current').getByRole('button'));
    await confirm();
    await page.getByRole('status').getByText('You are signed out.').waitFor();
  });

  it('why was I signed out?', async () => {
    await demo.nodes[1]!.manager.onCredentialChange({ userId: 'alice', tenantId: null });
    await page.getByRole('status').getByText('Your password or another credential was changed.').waitFor();
    expect(page.url()).toContain('/sign-in');
  });

  it('an administrator finds a session, reads its history, ends it, and changes the policy', async () => {
    const admin = await demo.signedIn({ as: 'admin', path: '/admin/sessions' });
    await admin.getByRole('textbox', { name: 'User' }).fill('alice');
    await admin.getByRole('button', { name: 'Search' }).click();
    expect(await admin.getByRole('row').count()).toBe(5);
    expect(await violations(admin)).toEqual([]);
    await screenshot(admin, 'admin');
    await admin.getByRole('link', { name: `${phone}, alice` }).click();
    expect(await violations(admin)).toEqual([]);
    await screenshot(admin, 'admin-session');
    await admin.getByRole('button', { name: 'Sign out', exact: true }).last().click();
    await admin.locator('.eis-question').getByRole('button', { name: 'Sign out' }).click();
    await admin.getByRole('status').getByText('1 session was signed out.').waitFor();
    await page.getByRole('link', { name: phone }).waitFor({ state: 'detached' });
    await admin.getByRole('checkbox', { name: 'Select all' }).check();
    await admin.getByRole('button', { name: 'Sign out selected' }).click();
    expect(await admin.getByRole('dialog').textContent()).toContain('selected sessions?');
    await admin.getByRole('button', { name: 'Cancel' }).click();
    await admin.getByRole('link', { name: 'Policy' }).click();
    expect(await violations(admin)).toEqual([]);
    await screenshot(admin, 'admin-policy');
    await admin.getByLabel('When a user signs in').selectOption('LogoutFromAllDevices');
    await admin.getByRole('button', { name: 'Save policy' }).click();
    await admin.getByRole('status').getByText('The policy was saved.').waitFor();
    await demo.nodes[0]!.manager.administration.setPolicy({ preventConcurrentLogin: null });
    await admin.context().close();
  });
});
