import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

import { Certificate } from '../support/certificate';
import { until } from '../support/gate';
import { describeWithChromium, launchBindingChromium } from './chromium';
import { TlsCluster } from './tls-cluster';

const MINUTE = 60_000;
const SESSION = '__Host-Http-identity';
const BOUND = '__Host-identity-bound';

describeWithChromium('device-bound sessions', () => {
  let folder: string;
  let certificate: Certificate;
  let cluster: TlsCluster;
  let profile: string;
  let browser: BrowserContext;
  let page: Page;

  const launch = async () => {
    browser = await launchBindingChromium(profile, certificate.hash, cluster.url);
    page = browser.pages()[0] ?? (await browser.newPage());
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'identity-sessions-tls-'));
    certificate = new Certificate(folder, 'localhost');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    cluster = await TlsCluster.start(certificate);
    profile = mkdtempSync(join(tmpdir(), 'identity-sessions-profile-'));
    await launch();
  });
  afterEach(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, maxRetries: 5 });
    await cluster.stop();
  });

  /** Signs in, and waits until the browser has bound the session and no request is on its way. */
  async function signIn(): Promise<string> {
    await page.goto('/session');
    const signedIn = await status(page, 'POST', '/sign-in', { userId: 'alice', staySignedIn: true });
    expect(signedIn).toBe(200);
    await until(async () => (await jar()).has(BOUND));
    cluster.ahead += MINUTE;
    const [id] = (await jar()).get(SESSION)!.split('.');
    return id!;
  }

  /** The cookies of the browser, by their names. */
  async function jar(): Promise<Map<string, string>> {
    return new Map((await browser.cookies()).map(({ name, value }) => [name, value]));
  }

  /** Sends a request with cookies from another device, and returns the status of its answer. */
  function steal(cookies: ReadonlyMap<string, string>): Promise<number> {
    const header = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const options = { ca: certificate.text, headers: { Cookie: header }, agent: false as const };
      const asked = request(`${cluster.url}/private`, options, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.on('error', reject).end();
    });
  }

  /** The number of times that the browser proved its key. */
  const renewals = () => cluster.answers.filter((answer) => answer === 'POST /session/binding 200').length;

  /** Lets the bound cookie run out. */
  async function expire(): Promise<void> {
    cluster.ahead += 11 * MINUTE;
    await browser.clearCookies({ name: BOUND });
  }

  it('are bound at the sign-in, and renewed before a request is sent without the cookie', async () => {
    await signIn();
    await expire();
    expect(await status(page, 'GET', '/private')).toBe(200);
    expect(cluster.answers.slice(-3)).toEqual([
      'POST /session/binding 403',
      'POST /session/binding 200',
      'GET /private 200',
    ]);
  });

  it('make stolen cookies worthless when the bound cookie has run out', async () => {
    await signIn();
    const stolen = await jar();
    expect(await steal(stolen)).toBe(200);
    const withoutBound = new Map([...stolen].filter(([name]) => name !== BOUND));
    expect(await steal(withoutBound)).toBe(401);
    await expire();
    const tries = await Promise.all(
      Array.from({ length: 100 }, (_, index) => steal(index % 2 === 0 ? stolen : withoutBound)),
    );
    expect(tries).toEqual(Array.from({ length: 100 }, () => 401));
    // The owner notices nothing.
    expect(await status(page, 'GET', '/private')).toBe(200);
  });

  it('are renewed by no node after they have ended', async () => {
    const id = await signIn();
    expect(await status(page, 'GET', '/private')).toBe(200);
    expect(await status(page, 'GET', '/private')).toBe(200);
    const [first] = cluster.managers;
    await first!.administration.revoke(id);
    await page.waitForTimeout(2000);
    await expire();
    cluster.answers.length = 0;
    const statuses = [await status(page, 'GET', '/private'), await status(page, 'GET', '/private')];
    expect(statuses).toEqual([401, 401]);
    expect(cluster.answers).toContain('POST /session/binding 401');
    expect(cluster.answers).not.toContain('POST /session/binding 200');
  });

  it('lose no honest request in 1,000 page loads with tabs, a restart, a killed node and a lost database', async () => {
    await signIn();
    const refused: string[] = [];
    let loads = 0;
    let unavailable = 0;

    const load = async (tab: Page) => {
      const response = (await tab.goto('/private'))!;
      loads++;
      if (response.status() === 503) {
        unavailable++;
        await tab.waitForTimeout(300);
      } else if (response.status() !== 200) refused.push(await response.text());
    };
    const round = async (count: number) => {
      const tabs = await Promise.all(Array.from({ length: 4 }, () => browser.newPage()));
      const loadAll = tabs.map(async (tab, index) => {
        for (let done = 0; done < count; done++) {
          // As if it had run out in the browser. With more renewals in so short a time, Chromium would skip some.
          if (index === 0 && done % 40 === 20) await browser.clearCookies({ name: BOUND });
          await load(tab);
        }
        await tab.close();
      });
      await Promise.all(loadAll);
    };

    await round(85);
    await browser.close();
    await launch();
    await round(85);
    await cluster.killNode();
    expect(unavailable).toBe(0);
    // While the database cannot be reached, requests are answered with 503, and the browser keeps the binding.
    await Promise.all([round(80), cluster.interruptDatabase(1500)]);
    expect(refused).toEqual([]);
    expect(loads).toBe(1000);
    expect(renewals()).toBeGreaterThanOrEqual(5);
    expect((await page.goto('/private'))?.status()).toBe(200);
  }, 300_000);
});

/** Sends a request from the page, and returns the status of its answer. */
async function status(page: Page, method: string, path: string, body?: object): Promise<number> {
  const init = { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  return page.evaluate(`fetch('${path}', ${JSON.stringify(init)}).then((response) => response.status)`);
}
