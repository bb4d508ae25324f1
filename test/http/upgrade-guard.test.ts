import { once } from 'node:events';
import type http from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import express from 'express';
import express4 from 'express4';
import WebSocket, { WebSocketServer } from 'ws';

import { memory, rest, sessionOf, upgradeGuard, type Dialect, type IdentitySessionManager } from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { turns, until } from '../support/gate';
import { managerOn } from '../support/manager';

let clock: FakeClock;
let manager: IdentitySessionManager;
let server: http.Server;
let browser: Browser;
let connected: string[];
let heard: string[];
let report: jest.Mock;

const frameworks = [
  ['Express 5', express],
  ['Express 4', express4],
] as const;

async function listen(framework: typeof express = express, changes?: Partial<Dialect>): Promise<void> {
  clock = new FakeClock();
  report = jest.fn();
  manager = managerOn({ store: memory(), clock, report, origins: ['https://www.example.com'] });
  const app = appOn(manager, { framework });
  app.set('trust proxy', true);
  const webSockets = new WebSocketServer({ noServer: true });
  connected = [];
  heard = [];
  webSockets.on('connection', (socket, request) => {
    connected.push(sessionOf(request).userId);
    if (request.url === '/broken') throw new Error('The app failed');
    socket.on('message', (text: Buffer) => {
      heard.push(text.toString());
      socket.send(`heard ${text.toString()}`);
    });
  });
  server = app.listen(0, '127.0.0.1');
  const dialect = { ...rest(manager.settings), ...changes };
  server.on('upgrade', upgradeGuard(manager, { app, webSockets, dialect }));
  await once(server, 'listening');
  browser = new Browser(app);
  await browser.post('/sign-in', { userId: 'alice' });
}

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await manager.close();
});

it('throws TypeError when it is built with a dialect for reading only', async () => {
  await listen();
  const webSockets = new WebSocketServer({ noServer: true });
  const dialect = { ...rest(manager.settings), readOnly: true };
  expect(() => upgradeGuard(manager, { app: express(), webSockets, dialect })).toThrow(
    'upgradeGuard cannot be built with this `dialect`, because it is for reading only',
  );
});

function dial(headers: Record<string, string> = { Cookie: browser.cookieHeader }, path = '/'): WebSocket {
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  socket.on('error', () => undefined);
  return socket;
}

async function refusal(headers: Record<string, string>): Promise<{ status: number; body: { code: string } }> {
  const [, response] = (await once(dial(headers), 'unexpected-response')) as [unknown, http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(response.headers['cache-control']).toBe('no-store');
  return {
    status: response.statusCode!,
    body: JSON.parse(Buffer.concat(chunks).toString()) as { code: string },
  };
}

describe.each(frameworks)('upgradeGuard in %s', (_, framework) => {
  beforeEach(() => listen(framework));

  it('opens a WebSocket for a request with valid credentials and gives the app its session', async () => {
    const socket = dial();
    await once(socket, 'open');
    socket.send('hello');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString()).toBe('heard hello');
    expect(connected).toEqual(['alice']);
    socket.terminate();
  });

  it('answers an upgrade request without valid credentials with 401', async () => {
    expect(await refusal({})).toMatchObject({ status: 401, body: { code: 'credentials-missing' } });
    expect(await refusal({ Cookie: '__Host-Http-identity=junk' })).toMatchObject({ status: 401 });
    expect(connected).toEqual([]);
  });

  it('returns 403 with code cross-site for a cookie from another site', async () => {
    const Cookie = browser.cookieHeader;
    for (const headers of [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      expect(await refusal({ Cookie, ...headers })).toMatchObject({
        status: 403,
        body: { code: 'cross-site' },
      });
    }
    const socket = dial({ Cookie, Origin: 'https://www.example.com' });
    await once(socket, 'open');
    socket.terminate();
  });

  it('closes the WebSocket with code 4401 and the reason after its session ended', async () => {
    const socket = dial();
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    await browser.delete('/session');
    await turns();
    clock.advance(250);
    const [code, reason] = await closed;
    expect([code, reason.toString()]).toEqual([4401, 'session-ended']);
  });
});

it('upgradeGuard cuts the connection of a client that does not close its WebSocket', async () => {
  await listen();
  const socket = dial();
  await once(socket, 'open');
  const closed = once(socket, 'close') as Promise<[number]>;
  // A paused client reads nothing, so it does not see the close frame.
  socket.pause();
  await browser.delete('/session');
  await turns();
  clock.advance(250);
  await turns();
  let open = true;
  void closed.then(() => (open = false));
  await turns();
  expect(open).toBe(true);
  clock.advance(1000);
  socket.resume();
  await closed;
});

it('upgradeGuard passes no messages to the app after the session ended, if the client ignores the close frame', async () => {
  await listen();
  const socket = dial();
  await once(socket, 'open');
  socket.send('before');
  await until(() => heard.length === 1);
  // A paused client does not see the close frame, and can still send.
  socket.pause();
  await browser.delete('/session');
  await turns();
  clock.advance(250);
  await turns();
  await new Promise((resolve) => socket.send('after', resolve));
  for (let i = 0; i < 20; i++) await turns();
  clock.advance(1000);
  socket.resume();
  await once(socket, 'close');
  expect(heard).toEqual(['before']);
});

/** Connects without credentials, as a client that never closes its half of the connection. */
async function dialRaw(): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await once(server, 'upgrade');
  return socket;
}

const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

async function untilNobodyIsConnected(): Promise<void> {
  let count = NaN;
  await until(() => {
    void connections().then((now) => (count = now));
    return count === 0;
  });
}

it('upgradeGuard closes a refused connection after its answer even if the client does not close its half', async () => {
  await listen();
  const socket = await dialRaw();
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await untilNobodyIsConnected();
  socket.resume();
  await until(() => answer.endsWith('}'));
  expect(answer).toMatch(/^HTTP\/1\.1 401 .*"code":"credentials-missing"/s);
  socket.destroy();
});

it('upgradeGuard cuts a refused connection if the client does not read the answer', async () => {
  const body = 'x'.repeat(50_000_000);
  await listen(express, { refusal: () => ({ status: 401, headers: {}, cookies: [], body }) });
  const socket = await dialRaw();
  await turns();
  expect(await connections()).toBe(1);
  clock.advance(1000);
  await untilNobodyIsConnected();
  socket.destroy();
});

it.each([
  ['a listener of `connection`', '/broken', {}],
  ['the dialect', '/', { credentials: () => undefined, refusal: throwing }],
])('upgradeGuard cuts the connection and reports the error when %s throws', async (_, path, changes) => {
  await listen(express, changes);
  const socket = dial(undefined, path);
  await new Promise((resolve) => socket.once('close', resolve));
  const error = new Error('The app failed');
  expect(report).toHaveBeenCalledWith({ type: 'failed', task: 'upgrade', error });
  await untilNobodyIsConnected();
});

function throwing(): never {
  throw new Error('The app failed');
}

it('upgradeGuard throws a TypeError with the correct line if app and webSockets are missing', async () => {
  await listen();
  expect(() => upgradeGuard(manager, {} as never)).toThrow(/upgradeGuard\(manager, \{ app, webSockets \}\)/);
});
