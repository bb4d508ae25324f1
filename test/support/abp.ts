import express, { type Express } from 'express';

import type { IdentitySessionManager, IdentitySessionOptions } from '../../lib';
import { abpRouter, type AbpRouterOptions } from '../../lib/protocols/abp';
import { appOn } from './app';
import { Browser } from './browser';
import { FakeClock } from './clock';
import { createDatabase, type TestDatabase } from './database';
import { managerOn } from './manager';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** The options of the app under test. */
export interface Arrangement extends Partial<AbpRouterOptions> {
  readonly manager?: IdentitySessionOptions;
  readonly framework?: typeof express;
}

/** An app with ABP's routes on a database of its own. Only the user `admin` may administer sessions. */
export class AbpApp {
  database!: TestDatabase;
  clock!: FakeClock;
  manager!: IdentitySessionManager;
  app!: Express;

  constructor() {
    beforeAll(async () => {
      this.database = await createDatabase();
    });
    beforeEach(async () => {
      await this.database.empty();
      this.clock = new FakeClock();
    });
    afterEach(() => this.manager?.close());
    afterAll(() => this.database.destroy());
  }

  async arrange({ manager = {}, framework = express, ...router }: Arrangement = {}): Promise<void> {
    await this.manager?.close();
    this.manager = managerOn({ knex: this.database.knex, clock: this.clock, ...manager });
    this.app = this.appOn(this.manager, { framework, ...router });
  }

  /** Builds the app of one node. */
  appOn(manager: IdentitySessionManager, { framework = express, ...router }: Arrangement = {}): Express {
    const app = appOn(manager, { framework });
    app.set('trust proxy', 'loopback');
    app.use('/api', abpRouter(manager, { ...GRANTED, ...router }));
    return app;
  }

  async signedIn(facts: object = {}, headers: Record<string, string> = {}): Promise<Browser> {
    const browser = new Browser(this.app, { 'User-Agent': FIREFOX, ...headers });
    const { status } = await browser.post('/sign-in', { userId: 'alice', ...facts });
    expect(status).toBe(200);
    return browser;
  }

  admin(facts: object = {}): Promise<Browser> {
    return this.signedIn({ userId: 'admin', ...facts });
  }
}

const GRANTED: AbpRouterOptions = {
  isGranted: (permission, { identitySession }) =>
    permission === 'AbpIdentity.Sessions' && identitySession?.userId === 'admin',
};

/** Returns the id of the browser's session as ABP shows it. */
export async function idOf(browser: Browser): Promise<string> {
  const { body } = await browser.get('/api/account/sessions?maxResultCount=1000');
  return (body.items as { id: string; isCurrent: boolean }[]).find(({ isCurrent }) => isCurrent)!.id;
}
