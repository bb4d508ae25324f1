import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

import { launchBindingChromium } from './chromium';

/** The site that a browser visits. */
interface Site {
  readonly url: string;
  /** The hash of the server's public key. */
  readonly certificate: string;
}

/** A browser that binds sessions to its device, and finds its cookies and keys again after a restart. */
export class RestartableChromium {
  readonly #profile = mkdtempSync(join(tmpdir(), 'identity-sessions-profile-'));
  #context!: BrowserContext;
  #page!: Page;

  private constructor(private readonly site: Site) {}

  static async start(site: Site): Promise<RestartableChromium> {
    const browser = new RestartableChromium(site);
    await browser.#launch();
    return browser;
  }

  get context(): BrowserContext {
    return this.#context;
  }

  get page(): Page {
    return this.#page;
  }

  /** Closes the browser and starts it again. It writes its cookies to the disk. */
  async restart(): Promise<void> {
    await this.#context.close();
    await this.#launch();
  }

  /** Kills all processes of the browser and starts it again. Cookies that it received within the last seconds are lost. */
  async crash(): Promise<void> {
    // The lock of a profile names the process that uses it. Its group contains the other processes of the browser.
    const [, pid] = /-(\d+)$/.exec(readlinkSync(join(this.#profile, 'SingletonLock')))!;
    const closed = new Promise<void>((resolve) => this.#context.once('close', () => resolve()));
    process.kill(-Number(pid), 'SIGKILL');
    await closed;
    await this.#launch();
  }

  async stop(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, maxRetries: 5 });
  }

  /** The cookies of the browser, by their names. */
  async jar(): Promise<Map<string, string>> {
    return new Map((await this.#context.cookies()).map(({ name, value }) => [name, value]));
  }

  /** Sends a request from the page, and returns the status of its answer. */
  status(method: string, path: string, body?: object): Promise<number> {
    const init = { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    return this.#page.evaluate(
      `fetch('${path}', ${JSON.stringify(init)}).then((response) => response.status)`,
    );
  }

  async #launch(): Promise<void> {
    const { url, certificate } = this.site;
    this.#context = await launchBindingChromium(this.#profile, certificate, url);
    this.#page = this.#context.pages()[0] ?? (await this.#context.newPage());
  }
}
