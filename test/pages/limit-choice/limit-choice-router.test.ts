import express, { type Express } from 'express';
import express4 from 'express4';

import {
  browserPages,
  createSignIn,
  memory,
  sessionErrors,
  sessionSecretGuard,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../../lib';
import { limitChoicePage } from '../../../lib/pages';
import type { AdministeredStore } from '../../../lib/store';
import { Browser } from '../../support/browser';
import { FakeClock } from '../../support/clock';
import { managerOn } from '../../support/manager';
import { form } from '../../support/pages';

const PAGE = '/sign-in/choice';

let clock: FakeClock;
let store: AdministeredStore;
let manager: IdentitySessionManager;

beforeEach(() => {
  clock = new FakeClock();
  store = memory();
  use();
});

function use(options: IdentitySessionOptions = {}): void {
  manager = managerOn({ store, clock, maxSessionsPerUser: 2, onLimit: 'ask', ...options });
}

function app(framework = express): Express {
  const dialect = browserPages(manager.settings, { signIn: '/sign-in', limitChoice: PAGE });
  const signIn = createSignIn(manager, { dialect });
  const app = framework();
  app.post('/sign-in', framework.urlencoded({ extended: false }), (req, res, next) => {
    signIn(req, res, { userId: 'alice' }).then(() => res.redirect(303, '/'), next);
  });
  app.use(PAGE, limitChoicePage(manager));
  app.get('/account', sessionSecretGuard(manager, { dialect }), (_req, res) => res.send('your account'));
  app.use(sessionErrors(manager, { dialect }));
  return app;
}

const browserOf = (language = 'en', framework = express) =>
  new Browser(app(framework), {
    Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'Accept-Language': language,
    'Content-Type': 'application/x-www-form-urlencoded',
  });

const live = async () => (await manager.list({ userId: 'alice' })).sessions.map(({ sessionId }) => sessionId);

async function fill(): Promise<string[]> {
  for (let i = 0; i < 2; i++) {
    await manager.open({ userId: 'alice' });
    clock.advance(1000);
  }
  return live();
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('limitChoicePage in %s', (_, framework) => {
  it('shows the sessions, and leads after the choice to the page that the browser wanted', async () => {
    const [newer, older] = await fill();
    const browser = browserOf('en', framework);
    const response = await browser.post('/sign-in', form({ returnTo: '/account?tab=2' }));
    expect([response.status, response.get('Location')]).toEqual([303, PAGE]);
    const page = await browser.get(PAGE);
    expect([page.status, page.get('Cache-Control'), page.get('Referrer-Policy')]).toEqual([
      200,
      'no-store',
      'same-origin',
    ]);
    expect(page.get('Content-Security-Policy')).toMatch(/^default-src 'none'; script-src 'self'/);
    for (const id of [newer, older]) expect(page.text).toContain(`name="selected" value="${id}"`);
    const opened = await browser.post(PAGE, form({ selected: older! }));
    expect([opened.status, opened.get('Location')]).toEqual([303, '/account?tab=2']);
    expect((await browser.get('/account')).text).toBe('your account');
    expect([...browser.cookies.keys()]).toEqual(['__Host-Http-identity']);
    expect(await live()).toHaveLength(2);
    expect(await store.find(older!)).toMatchObject({ endReason: 'revoked', endedBy: 'alice' });
  });
});

describe('limitChoicePage', () => {
  it('shows the page again with the reason if the choice is not enough, and ends nothing', async () => {
    const ids = await fill();
    use({ maxSessionsPerUser: 1 });
    const browser = browserOf('de');
    await browser.post('/sign-in', '');
    const again = await browser.post(PAGE, form({ selected: ids[0]! }));
    expect(again.status).toBe(409);
    expect(again.text).toMatch(/role="alert"[^>]*>Es ist nur eine Sitzung gleichzeitig erlaubt\./);
    expect(again.text).toContain('Sie sind zu oft angemeldet');
    expect(await live()).toEqual(ids);
    const opened = await browser.post(PAGE, form({ selected: ids }));
    expect([opened.status, opened.get('Location')]).toEqual([303, '/']);
  });

  it('says that nothing was selected, and keeps the ticket', async () => {
    const ids = await fill();
    const browser = browserOf();
    await browser.post('/sign-in', '');
    const again = await browser.post(PAGE, '');
    expect([again.status, again.text]).toEqual([
      409,
      expect.stringContaining('Select at least one session first.'),
    ]);
    expect(await live()).toEqual(ids);
    expect((await browser.post(PAGE, form({ selected: ids[0]! }))).status).toBe(303);
  });

  it('signs in without a choice if the sessions have ended in the meantime', async () => {
    const ids = await fill();
    const browser = browserOf();
    await browser.post('/sign-in', '');
    for (const id of ids) await manager.administration.revoke(id);
    expect((await browser.get(PAGE)).text).toContain('Your other sessions have ended in the meantime.');
    expect((await browser.post(PAGE, '')).status).toBe(303);
    expect(await live()).toHaveLength(1);
  });

  it('leads a browser without a valid ticket to the sign-in page, and not back to the choice', async () => {
    for (const response of [await browserOf().get(PAGE), await browserOf().post(PAGE, 'selected=x')]) {
      expect([response.status, response.get('Location')]).toEqual([303, '/sign-in?notice=ticket-invalid']);
    }
  });

  it('refuses a choice that another site sends', async () => {
    const ids = await fill();
    const browser = browserOf();
    await browser.post('/sign-in', '');
    const { status, text } = await browser.postFrom('cross-site', PAGE, form({ selected: ids }));
    expect([status, text]).toEqual([403, expect.stringContaining('Another site started this request.')]);
    expect(await live()).toEqual(ids);
  });

  it('answers a form that cannot be read with a page that leads to the sign-in', async () => {
    const { status, text } = await browserOf().post(PAGE, 'selected=x&'.repeat(2000));
    expect([status, text]).toEqual([400, expect.stringContaining('<a href="/sign-in">Sign in</a>')]);
  });

  it('throws a TypeError without a manager', () => {
    expect(() => limitChoicePage({} as never)).toThrow('limitChoicePage needs the manager');
  });
});
