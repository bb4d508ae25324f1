import express, { type Express } from 'express';
import express4 from 'express4';

import type { IdentitySessionManager, IdentitySessionOptions } from '../../lib';
import type { Browser } from './browser';
import type { FakeClock } from './clock';
import { IPHONE, managerWithClock, pagesApp, signedIn, type PagesAppOptions } from './pages';

export const ACCOUNT = '/account/sessions';

/** An account page with two devices on which alice is signed in. */
export class AccountPageUnderTest {
  manager!: IdentitySessionManager;
  clock!: FakeClock;
  desk!: Browser;
  phone!: Browser;

  constructor(readonly framework: typeof express) {}

  start(options: Partial<IdentitySessionOptions> = {}): void {
    const started = managerWithClock({ longLifetime: '400D', inactiveTimeSpan: '500D', ...options });
    this.manager = started.manager;
    this.clock = started.clock;
  }

  app(options: PagesAppOptions = {}): Express {
    return pagesApp(this.manager, { framework: this.framework, ...options });
  }

  async signInBoth(options: PagesAppOptions = {}): Promise<void> {
    const app = this.app(options);
    this.desk = await signedIn(app, { userId: 'alice' });
    this.phone = await signedIn(app, { userId: 'alice' }, IPHONE);
  }

  async isLive(browser: Browser): Promise<boolean> {
    return (await this.manager.administration.get(sessionIdOf(browser))).endedAt === null;
  }
}

/** Returns the id of the session in which a browser is signed in. */
export function sessionIdOf(browser: Browser): string {
  return browser.cookies.get('__Host-Http-identity')!.slice(0, 32);
}

/** Registers tests of the account page with each supported version of Express. */
export function describeAccountPage(title: string, register: (page: AccountPageUnderTest) => void): void {
  describe.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])(`${title} on %s`, (_, framework) => {
    const page = new AccountPageUnderTest(framework);
    beforeEach(() => page.start());
    afterEach(() => page.manager.close());
    register(page);
  });
}
