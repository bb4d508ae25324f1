import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import express, { type Express } from 'express';
import express4 from 'express4';
import WebSocket, { WebSocketServer } from 'ws';

import {
  sessionClaimGuard,
  SessionError,
  signInLimiter,
  upgradeGuard,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';
import { clientAddress } from '../../lib/http/client-address';
import { abpRouter } from '../../lib/protocols/abp';
import { openXchangeRouter } from '../../lib/protocols/open-xchange';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { createDatabase, type TestDatabase } from '../support/database';
import { managerOn } from '../support/manager';

let database: TestDatabase;
let manager: IdentitySessionManager | undefined;
const servers: http.Server[] = [];

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  await database.empty();
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await manager?.close();
});
afterAll(() => database.destroy());

/** An app behind one proxy, with all protocols. `mallory` cannot sign in. */
function appBehindProxy(options: IdentitySessionOptions = {}, framework = express): Express {
  manager = managerOn({ knex: database.knex, ...options });
  const signIns = framework.Router();
  signIns.post('/sign-in', signInLimiter(manager), framework.json(), ({ body }, _, next) => {
    if ((body as { userId: string }).userId !== 'mallory') return next();
    throw new SessionError('credentials-invalid', 'There is no such user.');
  });
  const app = appOn(manager, { framework, before: [signIns] });
  app.set('trust proxy', 1);
  const claimsOf = ({ headers }: express.Request) => ({ sid: String(headers['x-session']) });
  app.get('/claimed', sessionClaimGuard(manager, { claimsOf }), (_, response) => void response.json({}));
  app.use('/api', abpRouter(manager, { isGranted: () => true }));
  const authenticate = (name: string) => (name.startsWith('mallory') ? undefined : { userId: name });
  const further = { randomToken: true, trustedClients: '203.0.113.7' };
  app.use('/ajax', openXchangeRouter(manager, { authenticate, ...further }));
  return app;
}

let port = 40_000;

/** A browser behind a proxy that appends the port of the client to its address. Each request comes from another port. */
function behindProxy(app: Express, address = '203.0.113.7'): Browser {
  return new Browser(app, {
    'User-Agent': 'curl/8.5.0',
    get 'X-Forwarded-For'() {
      return `${address}:${++port}`;
    },
  });
}

async function statuses(count: number, attempt: () => Promise<{ status: number }>): Promise<Set<number>> {
  const seen = new Set<number>();
  for (let i = 0; i < count; i++) seen.add((await attempt()).status);
  return seen;
}

describe('clientAddress', () => {
  beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined));

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:40000', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7:40000', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:40000', '203.0.113.7'],
    ['[203.0.113.7]:40000', '203.0.113.7'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8::1:443', '2001:db8::1:443'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%eth0]:443', 'fe80::1'],
  ])('returns the canonical address of %s, which is %s', (ip, expected) => {
    expect(clientAddress({ ip })).toBe(expected);
    expect(clientAddress({ ip })).toBe(expected);
  });

  it.each([
    undefined,
    '',
    'unknown',
    '_hidden',
    'unknown:40000',
    '203.0.113:40000',
    '203.0.113.7:',
    '203.0.113.7:http',
    '203.0.113.7:40000:1',
    '[2001:db8::1',
    '[2001:db8::1]443',
    '[]:443',
    '203.0.113.7, 10.0.0.1',
  ])('returns undefined for %j, which is not an address', (ip) => {
    expect(clientAddress({ ip })).toBeUndefined();
  });
});

describe('clientAddress of a header of 16 KB', () => {
  it.each(['1.', '[1', ':1', '.1:1'])('returns undefined without delay if it repeats %j', (text) => {
    const before = performance.now();
    expect(clientAddress({ ip: `${text.repeat(16_384 / text.length)}:80x` })).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(500);
  });
});

describe('a warning about an unknown address', () => {
  it('is printed once and does not repeat text from the network', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    jest.isolateModules(() => {
      // A fresh copy of the module, which has not warned yet.
      const fresh = jest.requireActual<{ clientAddress: typeof clientAddress }>(
        '../../lib/http/client-address',
      );
      for (const ip of ['_hidden', undefined]) fresh.clientAddress({ ip });
    });
    expect(warn.mock.calls).toEqual([
      [
        expect.stringContaining('set `trust proxy` of Express to the number of proxies'),
        { code: 'EIS_UNKNOWN_ADDRESS' },
      ],
    ]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('_hidden');
  });
});

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('an app in %s behind a proxy that appends ports', (_, framework) => {
  it('refuses sign-ins of a client after 100 failures, and no other client', async () => {
    const app = appBehindProxy({}, framework);
    const fail = (browser: Browser) => browser.post('/sign-in', { userId: 'mallory' });
    const attacker = behindProxy(app);
    expect(await statuses(100, () => fail(attacker))).toEqual(new Set([401]));
    expect((await fail(attacker)).status).toBe(429);
    expect((await fail(behindProxy(app, '203.0.113.8'))).status).toBe(401);
  });
});

describe('an app behind a proxy that appends ports', () => {
  it('counts the addresses of an IPv6 network as one client', async () => {
    const app = appBehindProxy();
    let host = 0;
    const attempt = (network: string) =>
      behindProxy(app, `[${network}::${++host}]`).post('/sign-in', { userId: 'mallory' });
    expect(await statuses(100, () => attempt('2001:db8:0:1'))).toEqual(new Set([401]));
    expect((await attempt('2001:db8:0:ff')).status).toBe(429);
    expect((await attempt('2001:db8:0:100')).status).toBe(401);
  });

  it('counts clients without an address as one client', async () => {
    const app = appBehindProxy();
    const attempt = (forwarded: string) =>
      new Browser(app, { 'X-Forwarded-For': forwarded }).post('/sign-in', { userId: 'mallory' });
    expect(await statuses(50, () => attempt('unknown'))).toEqual(new Set([401]));
    expect(await statuses(50, () => attempt('_hidden'))).toEqual(new Set([401]));
    expect((await attempt('_secret')).status).toBe(429);
  });

  it('stores the address and accepts the client from another port if the IP check is strict', async () => {
    const app = appBehindProxy({ ipCheck: { mode: 'strict' } });
    const browser = behindProxy(app);
    await browser.post('/sign-in', { userId: 'alice' });
    const { sessions } = (await browser.get('/sessions')).body as {
      sessions: { id: string; ipAddress: string }[];
    };
    expect(sessions).toMatchObject([{ ipAddress: '203.0.113.7' }]);
    expect((await browser.post('/session/autologin')).status).toBe(200);
    expect((await browser.get('/api/account/sessions')).body).toMatchObject({
      items: [{ ipAddresses: ['203.0.113.7'] }],
    });

    const elsewhere = behindProxy(app, '203.0.113.8');
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.get('/session')).body).toMatchObject({ code: 'ip-changed' });
  });

  it('accepts claims of the client from another port if the IP check is strict', async () => {
    const app = appBehindProxy({ ipCheck: { mode: 'strict' } });
    const { sessionId } = await manager!.create({ userId: 'alice', ipAddress: '203.0.113.7' });
    const headers = { 'X-Session': sessionId };
    const at = (address: string) =>
      new Browser(app, { ...headers, 'X-Forwarded-For': address }).get('/claimed');
    expect((await at('203.0.113.7:40000')).status).toBe(200);
    expect((await at('203.0.113.8:40000')).status).toBe(401);
  });

  it('opens a WebSocket from another port if the IP check is strict', async () => {
    const app = appBehindProxy({ ipCheck: { mode: 'strict' } });
    const browser = behindProxy(app);
    await browser.post('/sign-in', { userId: 'alice' });
    const server = app.listen(0, '127.0.0.1');
    servers.push(server);
    const webSockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', upgradeGuard(manager!, { app, webSockets }));
    await once(server, 'listening');
    const { port: listening } = server.address() as AddressInfo;
    const headers = { Cookie: browser.cookieHeader, 'X-Forwarded-For': '203.0.113.7:50000' };
    const socket = new WebSocket(`ws://127.0.0.1:${listening}/`, { headers });
    await once(socket, 'open');
  });

  it('refuses logins of a client after 50 failures in the Open-Xchange protocol', async () => {
    const browser = behindProxy(appBehindProxy());
    let guesses = 0;
    // The limit of each account must not be reached first.
    const fail = () => browser.post('/ajax/login?action=login', `name=mallory-${guesses++}&password=x`);
    expect(await statuses(50, fail)).toEqual(new Set([200]));
    expect((await fail()).status).toBe(429);
  });

  it('accepts the client from another port in every action of the Open-Xchange protocol', async () => {
    const app = appBehindProxy();
    const browser = behindProxy(app);
    const { text } = await browser.post('/ajax/login?action=login', 'name=alice&password=x');
    const { session, random } = JSON.parse(text) as { session: string; random: string };
    const act = async (query: string, from = browser) =>
      (await from.get(`/ajax/${query}&session=${session}`)).text;
    expect(await act('sessionmanagement?action=all')).toContain('"ipAddress":"203.0.113.7"');
    expect(await act('login?action=store')).toBe('{"data":"1"}');
    expect(await act('login?action=autologin')).toContain(`"session":"${session}"`);
    expect(await act(`login?action=redeem&random=${random}`)).toContain(`"session":"${session}"`);
    expect(await act('login?action=changeip&clientIP=203.0.113.7')).toBe('{"data":"1"}');
    expect((await browser.get(`/ajax/login?action=logout&session=${session}`)).status).toBe(200);
  });
});

describe.each([
  ['is not set', false],
  ['is 1', 1],
])('an app on a Unix socket whose setting `trust proxy` %s', (_, trustProxy) => {
  it('signs users in and limits failures', async () => {
    const app = appBehindProxy();
    app.set('trust proxy', trustProxy);
    const folder = mkdtempSync(join(tmpdir(), 'socket-'));
    const socketPath = join(folder, 'app.sock');
    const server = app.listen(socketPath);
    servers.push(server);
    await once(server, 'listening');
    const post = async (userId: string) => {
      const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': '203.0.113.7' };
      const sent = http.request({ socketPath, path: '/sign-in', method: 'POST', headers });
      sent.end(JSON.stringify({ userId }));
      const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
      response.resume();
      return { status: response.statusCode! };
    };
    expect(await statuses(1, () => post('alice'))).toEqual(new Set([200]));
    expect(await statuses(100, () => post('mallory'))).toEqual(new Set([401]));
    expect(await statuses(1, () => post('mallory'))).toEqual(new Set([429]));
    const { sessions } = await manager!.list({ userId: 'alice' });
    expect(sessions[0]!.ipAddresses).toEqual(trustProxy === 1 ? ['203.0.113.7'] : []);
    rmSync(folder, { recursive: true });
  });
});

describe('clientAddress of a request without X-Forwarded-For', () => {
  const OWN = '203.0.113.9';

  async function addressSeen(
    change: (app: Express) => void,
    framework = express,
  ): Promise<string | undefined> {
    const app = framework();
    change(app);
    app.get('/', (request_, response) => void response.json({ address: clientAddress(request_) }));
    return ((await new Browser(app).get('/')).body as { address?: string }).address;
  }

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('is the address of the connection in %s', async (_, framework) => {
    const inRouter = (app: Express) => {
      const router = framework.Router();
      router.get('/', (request_, response) => void response.json({ address: clientAddress(request_) }));
      app.use(router);
    };
    expect(await addressSeen(() => undefined, framework)).toMatch(/^(127\.0\.0\.1|::1)$/);
    expect(await addressSeen(inRouter, framework)).toMatch(/^(127\.0\.0\.1|::1)$/);
  });

  it('is what the app has defined as `ip` for all requests or for one', async () => {
    const ip = { configurable: true, get: () => OWN };
    expect(await addressSeen((app) => void Object.defineProperty(app.request, 'ip', ip))).toBe(OWN);
    const ofOne = (app: Express) =>
      void app.use((request_, _response, next) => {
        Object.defineProperty(request_, 'ip', ip);
        next();
      });
    expect(await addressSeen(ofOne)).toBe(OWN);
  });
});
