import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server as PlainServer,
} from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import express from 'express';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { memory, type IdentitySessionManager } from '../../lib';
import { satisfies } from '../support/compliance';
import { appOn } from '../support/app';
import { Certificate } from '../support/certificate';
import { managerOn } from '../support/manager';
import { describeWithChromium, launchChromium } from './chromium';

const NAME = '__Host-Http-identity';
const [APP, SIBLING] = ['app.example.test', 'blog.example.test'];

describeWithChromium('the cookies over HTTPS', () => {
  let folder: string;
  let server: Server;
  let plain: PlainServer;
  let browser: Browser;
  let manager: IdentitySessionManager;
  let context: BrowserContext;
  let page: Page;

  const urlOn = (host: string) => `https://${host}:${(server.address() as AddressInfo).port}`;

  /** The app, with pages, and a route whose response has the cookie of its query. */
  function createApp(): express.Express {
    const app = express();
    app.get('/', (_request, response) => void response.send('<!doctype html><title>app</title>'));
    app.get('/set', ({ query }, response) => {
      response.append('Set-Cookie', query['cookie'] as string).sendStatus(204);
    });
    app.use(appOn(manager));
    return app;
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'identity-sessions-tls-'));
    const certificate = new Certificate(folder, APP);
    manager = managerOn({ store: memory(), clearSiteData: ['cookies', 'storage', 'cache'] });
    server = createServer(certificate.tls, createApp());
    plain = createPlainServer(createApp());
    for (const each of [server, plain]) await once(each.listen(0, '127.0.0.1'), 'listening');
    browser = await launchChromium([
      `--ignore-certificate-errors-spki-list=${certificate.hash}`,
      '--host-resolver-rules=MAP *.example.test 127.0.0.1',
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    for (const each of [server, plain]) {
      each?.closeAllConnections();
      each?.close();
    }
    await manager?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(urlOn(APP));
  });
  afterEach(() => context.close());

  const namesKept = async () => (await context.cookies()).map(({ name }) => name).sort();
  const scriptCookies = () => page.evaluate<string>('document.cookie');
  const setByScript = (cookie: string) => page.evaluate(`document.cookie = ${JSON.stringify(cookie)}`);
  const draft = () => page.evaluate<string | null>("localStorage.getItem('draft')");

  /** Sends a request from the page, and returns its status. */
  const send = (method: string, path: string, body?: object): Promise<number> => {
    const json = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const options = JSON.stringify({ method, ...(body && json) });
    return page.evaluate<number>(`fetch('${path}', ${options}).then(({ status }) => status)`);
  };
  const signIn = () => send('POST', '/sign-in', { userId: 'alice' });

  /** Lets a response of a host set a cookie, as a navigation. */
  async function setBy(origin: string, cookie: string): Promise<void> {
    const other = await context.newPage();
    await other.goto(`${origin}/set?cookie=${encodeURIComponent(cookie)}`).catch(() => undefined);
    await other.close();
  }

  it(
    satisfies(
      'keeps the session cookie of a sign-in, out of reach of scripts',
      'ASVS 3.3.4',
      'NIST 5.1 storage',
    ),
    async () => {
      expect(await signIn()).toBe(200);
      expect(await namesKept()).toEqual([NAME]);
      expect(await send('GET', '/session')).toBe(200);
      expect(await scriptCookies()).toBe('');
    },
  );

  it(satisfies('lets no script set, replace or delete the session cookie', 'ASVS 3.3.3'), async () => {
    const attack = async (name: string) => {
      for (const attributes of ['; Secure; Path=/', '; Path=/', '; Secure; Path=/; Max-Age=0']) {
        await setByScript(`${name}=planted${attributes}`);
      }
    };
    await attack(NAME);
    expect(await namesKept()).toEqual([]);
    await signIn();
    await attack(NAME);
    expect(await send('GET', '/session')).toBe(200);

    // The prefix without `Http` does not stop a script, which shows that the browser tried.
    await setByScript('__Host-other=planted; Secure; Path=/');
    expect(await namesKept()).toEqual([NAME, '__Host-other']);
  });

  it.each([
    ['without HttpOnly', APP, '; Path=/; Secure'],
    ['without Secure', APP, '; Path=/; HttpOnly'],
    ['with another path', APP, '; Path=/set; Secure; HttpOnly'],
    ['with a domain', APP, '; Path=/; Secure; HttpOnly; Domain=example.test'],
    ['of another host of the domain', SIBLING, '; Path=/; Secure; HttpOnly; Domain=example.test'],
  ])(
    satisfies('refuses a cookie of the name %s', 'ASVS 3.3.3', 'NIST 5.1.1 attributes'),
    async (_, host, attributes) => {
      await setBy(urlOn(host), `${NAME}=planted${attributes}`);
      expect(await namesKept()).toEqual([]);
      await setBy(urlOn(APP), `${NAME}=kept; Path=/; Secure; HttpOnly`);
      expect(await namesKept()).toEqual([NAME]);
    },
  );

  it(
    satisfies('refuses a cookie of the name over plain HTTP', 'ASVS 3.3.1', 'NIST 5.1 channel'),
    async () => {
      const { port } = plain.address() as AddressInfo;
      for (const attributes of ['; Path=/; Secure; HttpOnly', '; Path=/; HttpOnly']) {
        await setBy(`http://${APP}:${port}`, `${NAME}=planted${attributes}`);
      }
      expect(await namesKept()).toEqual([]);
    },
  );

  it(satisfies('sends the session cookie to no plain HTTP page', 'NIST 5.1 fallback'), async () => {
    await signIn();
    const { port } = plain.address() as AddressInfo;
    const arrived = once(plain, 'request') as Promise<[IncomingMessage]>;
    await page.goto(`http://${APP}:${port}/`);
    const [{ headers }] = await arrived;
    expect(headers.cookie).toBeUndefined();
    await page.goto(urlOn(APP));
    expect(await send('GET', '/session')).toBe(200);
  });

  it(
    satisfies('deletes the data of the site at the sign-out, and no earlier', 'NIST 5.1 erasure'),
    async () => {
      await signIn();
      await page.evaluate("localStorage.setItem('draft', 'private')");
      await setBy(urlOn(APP), 'theme=dark; Path=/; Secure');
      expect(await send('DELETE', '/sessions/others')).toBe(204);
      expect(await namesKept()).toEqual([NAME, 'theme']);
      expect(await draft()).toBe('private');

      expect(await send('DELETE', '/session')).toBe(204);
      expect(await namesKept()).toEqual([]);
      expect(await draft()).toBeNull();
    },
  );
});
