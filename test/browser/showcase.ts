import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { createApp } from '../../examples/demo/app';
import { Mailbox } from '../../examples/demo/mailbox';
import { sessionOptions } from '../../examples/demo/session-options';
import type { IdentitySessionManager, IdentitySessionOptions } from '../../lib';
import type { LanguageOptions } from '../../lib/pages';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';
import { launchChromium } from './chromium';

/** Reads `axe-core`, which runs in the page. */
const AXE = require.resolve('axe-core/axe.min.js');

const SCREENSHOTS = join(__dirname, 'screenshots');

interface Node {
  readonly manager: IdentitySessionManager;
  readonly mailbox: Mailbox;
  readonly server: Server;
  readonly url: string;
}

interface ShowcaseOptions extends Omit<Partial<IdentitySessionOptions>, 'languages'> {
  /** Languages that are added to the pages. */
  readonly languages?: LanguageOptions['languages'];
}

/** The demo on a database of its own, on two nodes, with a real browser. Each device is a context of the browser. */
export class Showcase {
  readonly database: TestDatabase;
  readonly nodes: readonly Node[];
  readonly #browser: Browser;
  /** Everything that a browser reported: violations of the policy, errors of scripts, requests to other sites. */
  readonly problems: string[] = [];

  private constructor(database: TestDatabase, nodes: readonly Node[], browser: Browser) {
    this.database = database;
    this.nodes = nodes;
    this.#browser = browser;
  }

  static async start(options: ShowcaseOptions = {}): Promise<Showcase> {
    const database = await createDatabase();
    const nodes = [await node(database, options), await node(database, options)];
    return new Showcase(database, nodes, await launchChromium());
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    for (const { manager, server } of this.nodes) {
      server.closeAllConnections();
      server.close();
      await manager.close();
    }
    await this.database.destroy();
  }

  /** Opens a browser with cookies of its own, on a node, and opens a path. */
  async device(
    path: string,
    { on = 0, ...options }: BrowserContextOptions & { on?: number } = {},
  ): Promise<Page> {
    const { url } = this.nodes[on]!;
    const context = await this.#browser.newContext({ baseURL: url, locale: 'en-GB', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.problems.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // A page may be answered with 401 or 400; the browser logs that.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.problems.push(message.text());
      }
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) this.problems.push(`request to ${request.url()}`);
    });
    await page.goto(path);
    return page;
  }

  /** Opens a browser, and signs in. */
  async signedIn(
    options: BrowserContextOptions & { on?: number; as?: string; path?: string } = {},
  ): Promise<Page> {
    const { as = 'alice', path = '/account/sessions', ...context } = options;
    const page = await this.device(path, context);
    const streams = path === '/account/sessions' && context.javaScriptEnabled !== false;
    const stream = streams ? page.waitForResponse('**/events?*') : undefined;
    await signIn(page, as);
    await page.waitForURL(`**${path}`);
    await stream;
    return page;
  }
}

const PASSWORDS: Readonly<Record<string, string>> = {
  alice: 'wonderland',
  bob: 'builder',
  admin: 'looking-glass',
};

/** Performs an action that opens another page, and waits until that page is complete. */
export async function opened(page: Page, action: () => Promise<unknown>): Promise<void> {
  const load = page.waitForEvent('load');
  await action();
  await load;
}

/** Fills in the sign-in form. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.fill('[name=name]', name);
  await page.fill('[name=password]', PASSWORDS[name]!);
  await opened(page, () => page.click('button.eis-primary'));
}

/** Starts the demo. Only tests of limits have its limit: others open many sessions. */
async function node(database: TestDatabase, { languages, ...options }: ShowcaseOptions): Promise<Node> {
  const mailbox = new Mailbox();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const manager = managerOn({
    knex: database.connect(),
    cookies: { secure: false },
    ...sessionOptions({
      mailbox,
      notMeLink: (session) => manager.notMeLink(session, { url: `${url}/not-me` }),
    }),
    maxSessionsPerUser: Infinity,
    ...options,
  });
  server.on('request', createApp({ manager, mailbox, ...(languages && { languages }) }));
  return { manager, mailbox, server, url };
}

/**
 * Returns the violations of accessibility rules that axe-core finds on the page.
 * @param except The rules that cannot be judged in this browser.
 */
export async function violations(page: Page, except: readonly string[] = []): Promise<string[]> {
  // The page's own policy forbids scripts of others, so the tool is run by the debugger, which the policy does not concern.
  await page.evaluate(await sourceOf(AXE));
  const found: { id: string; nodes: { target: string[] }[] }[] = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  const judged = found.filter(({ id }) => !except.includes(id));
  return judged.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

async function sourceOf(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}

/** Writes a picture of the whole page. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
