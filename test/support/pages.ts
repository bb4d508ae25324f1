import express, { type Express } from 'express';

import {
  createSignIn,
  memory,
  sessionErrors,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';
import { accountPage, adminPage, type AccountPageOptions, type AdminPageOptions } from '../../lib/pages';
import { ENGLISH_PAGES } from '../../lib/pages/messages/english';
import { Reader } from '../../lib/pages/messages/reader';
import { messagesFor } from '../../lib/session/i18n';
import { Browser } from './browser';
import { FakeClock } from './clock';
import { managerOn } from './manager';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/18.5 Mobile/15E148 Safari/604.1';

/** The reader of a page in English. */
export function englishReader(now: number): Reader {
  return new Reader('en', ENGLISH_PAGES, messagesFor('en'), now);
}

export interface PagesAppOptions {
  readonly framework?: typeof express;
  readonly account?: AccountPageOptions;
  readonly admin?: Partial<AdminPageOptions>;
}

/** An app with both pages. `/sign-in` accepts every user without a password. */
export function pagesApp(
  manager: IdentitySessionManager,
  { framework = express, account = {}, admin = {} }: PagesAppOptions = {},
): Express {
  const app = framework();
  const signIn = createSignIn(manager);
  app.post('/sign-in', framework.json(), (request, response, next) => {
    const facts = request.body as { userId: string };
    signIn(request, response, facts).then(() => response.sendStatus(204), next);
  });
  app.use('/account/sessions', accountPage(manager, account));
  app.use('/admin/sessions', adminPage(manager, { isGranted: () => true, ...admin }));
  app.use(sessionErrors(manager));
  return app;
}

/** A manager whose sessions are in memory, with its clock. */
export function managerWithClock(options: Partial<IdentitySessionOptions> = {}): {
  manager: IdentitySessionManager;
  clock: FakeClock;
} {
  const clock = new FakeClock();
  return { clock, manager: managerOn({ store: memory(), clock, ...options }) };
}

/** A browser that shows pages and sends forms, signed in as a user. */
export async function signedIn(
  app: Express,
  facts: { readonly userId: string; readonly tenantId?: string },
  userAgent = FIREFOX,
): Promise<Browser> {
  const browser = new Browser(app, {
    Accept: 'text/html,*/*;q=0.8',
    'User-Agent': userAgent,
  });
  await browser.post('/sign-in', facts);
  return browser;
}

/** The body of a form. A list gives a field several values. */
export function form(fields: Readonly<Record<string, string | readonly string[]>>): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, String(each)]),
  );
  return new URLSearchParams(pairs).toString();
}
