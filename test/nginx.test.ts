import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import WebSocket, { WebSocketServer } from 'ws';

import {
  endWithSession,
  sessionOf,
  sessionSecretGuard,
  upgradeGuard,
  type IdentitySessionManager,
} from '../lib';
import { freePort } from '../examples/demo/embedded-postgres/free-port';
import { satisfies } from './support/compliance';
import { appOn } from './support/app';
import { turns, until } from './support/gate';
import { describeWithNginx, NginxFolder } from './support/nginx';
import { nodesOnADatabase } from './support/nodes';
import { Proxy } from './support/proxy';
import { snippet } from './support/snippets';

/** The configuration of the page. The tests replace names, ports and files in it. */
const PROXY = snippet('docs/nginx.md', 'The proxy', 'nginx');
const PROTECTED_FILES = snippet('docs/nginx.md', 'Protect what the app does not serve', 'nginx');
const NO_CACHE = snippet('docs/nginx.md', 'Caches', 'nginx');

const NAME = 'app.example.com';
const CACHE =
  'proxy_cache responses; proxy_cache_valid any 10m; add_header X-Cache $upstream_cache_status always;';

interface Node {
  readonly manager: IdentitySessionManager;
  readonly server: http.Server;
  readonly port: number;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
  /** The address of the client. Every address of the network 127.0.0.0/8 is this machine. */
  readonly from?: string;
}

interface Received {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

describeWithNginx('nginx with the configuration of the page', () => {
  const nodes = nodesOnADatabase();
  let folder: NginxFolder;
  let running: Node[];
  let tls: number;
  let plain: number;

  beforeAll(() => {
    folder = new NginxFolder(NAME);
    mkdirSync(join(folder.path, 'srv/files'), { recursive: true });
    writeFileSync(join(folder.path, 'srv/files/report.txt'), 'the report');
  });
  beforeEach(() => {
    running = [];
  });
  afterEach(async () => {
    await folder.stop();
    for (const { server } of running) {
      const closed = once(server, 'close');
      server.closeAllConnections();
      server.close();
      await closed;
    }
  });
  afterAll(() => folder.remove());

  async function node(name: string, options: Parameters<typeof nodes.use>[0] = {}): Promise<Node> {
    const manager = nodes.use({ nodeId: name, lease: 2000, ...options });
    const named: RequestHandler = (_request, response, next) => {
      response.set('X-Node', name);
      next();
    };
    const app = appOn(manager, { before: [named] });
    app.set('trust proxy', 1);
    const guard = sessionSecretGuard(manager);
    app.get('/client', ({ ip, secure, headers }, response) => void response.json({ ip, secure, headers }));
    app.get(
      '/page',
      guard,
      (request, response) => void response.send(`page of ${sessionOf(request).userId}`),
    );
    app.get('/home', sessionSecretGuard(manager, { optional: true }), ({ identitySession }, response) => {
      response.send(`home of ${identitySession?.userId ?? 'a guest'}`);
    });
    app.get('/events', guard, endWithSession(manager), (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      response.write('data: hello\n\n');
    });
    app.all('/session-check', guard, (_request, response) => void response.sendStatus(204));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const webSockets = new WebSocketServer({ noServer: true });
    webSockets.on('connection', (socket, request) => socket.send(sessionOf(request).userId));
    server.on('upgrade', upgradeGuard(manager, { app, webSockets }));
    const started = { manager, server, port: (server.address() as AddressInfo).port };
    running.push(started);
    return started;
  }

  /** Starts nginx in front of the nodes. */
  async function start(change: (configuration: string) => string = (unchanged) => unchanged): Promise<void> {
    [tls, plain] = [await freePort(), await freePort()];
    const [one, two = one] = running;
    const configuration = change(PROXY)
      .replace('listen 443 ssl', `listen 127.0.0.1:${tls} ssl`)
      .replace('listen 80', `listen 127.0.0.1:${plain}`)
      .replace('/etc/ssl/app.pem', folder.certificate)
      .replace('/etc/ssl/app.key', folder.key)
      .replace('127.0.0.1:3001', `127.0.0.1:${one!.port}`)
      .replace('127.0.0.1:3002', `127.0.0.1:${two!.port}`)
      .replace('root /srv', `root ${folder.path}/srv`);
    await folder.start(configuration, tls);
  }

  /** Adds configuration to the server, or to its location `/`. */
  const inServer = (added: string) => (configuration: string) =>
    configuration.replace('  location / {', `${added}\n  location / {`);
  const inLocation = (added: string) => (configuration: string) =>
    configuration.replace('  location / {', `  location / {\n${added}`);
  const without = (line: string) => (configuration: string) => {
    expect(configuration).toContain(line);
    return configuration.replace(line, '');
  };

  function open(path: string, { method = 'GET', headers = {}, body, from = '127.0.0.1' }: Sent = {}) {
    const request = https.request({
      port: tls,
      host: '127.0.0.1',
      localAddress: from,
      servername: NAME,
      ca: folder.ca,
      method,
      path,
      headers: { Host: `${NAME}:${tls}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
    });
    request.end(body && JSON.stringify(body));
    return request;
  }

  async function send(path: string, sent?: Sent): Promise<Received> {
    const [response] = (await once(open(path, sent), 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
    return { status: response.statusCode!, headers: response.headers, text };
  }

  /** Signs in through nginx, and returns the `Cookie` header and the id of the session. */
  async function signIn(userId = 'alice', sent: Sent = {}): Promise<{ Cookie: string; id: string }> {
    const signedIn = await send('/sign-in', { method: 'POST', body: { userId }, ...sent });
    expect(signedIn.status).toBe(200);
    const [cookie] = signedIn.headers['set-cookie']!;
    expect(cookie).toMatch(/^__Host-Http-identity=\S+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const Cookie = cookie!.split(';')[0]!;
    return { Cookie, id: Cookie.split('=')[1]!.split('.')[0]! };
  }

  it(satisfies('lets browsers use HTTPS only, also after a refusal', 'ASVS 3.4.1'), async () => {
    await node('one');
    await start();
    for (const path of ['/client', '/private', '/metrics']) {
      const { headers } = await send(path);
      expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    }
  });

  it('gives the app the address and the protocol of the client, which the client cannot forge', async () => {
    const { manager } = await node('one');
    await start();
    const forged = {
      'X-Forwarded-For': '198.51.100.1',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'evil.example',
    };
    const { text } = await send('/client', { headers: forged, from: '127.0.0.9' });
    const { ip, secure, headers } = JSON.parse(text) as { ip: string; secure: boolean; headers: object };
    expect([ip, secure]).toEqual(['127.0.0.9', true]);
    expect(headers).toMatchObject({ host: `${NAME}:${tls}`, 'x-forwarded-for': '127.0.0.9' });
    expect(headers).not.toHaveProperty('x-forwarded-host');
    const { id } = await signIn('alice', { headers: forged, from: '127.0.0.9' });
    expect((await manager.administration.get(id)).ipAddresses).toEqual(['127.0.0.9']);
  });

  it('redirects plain HTTP to HTTPS and does not show the metrics', async () => {
    await node('one');
    await start();
    const [response] = (await once(
      http.get({ port: plain, host: '127.0.0.1', path: '/a?b=c', headers: { Host: NAME } }),
      'response',
    )) as [IncomingMessage];
    response.resume();
    expect([response.statusCode, response.headers.location]).toEqual([308, `https://${NAME}/a?b=c`]);
    expect((await send('/metrics')).status).toBe(404);
  });

  it('lets the app compare the origin of a write with its own host', async () => {
    await node('one');
    await start();
    const { Cookie } = await signIn();
    const write = (headers: Record<string, string>) =>
      send('/private', { method: 'POST', headers: { Cookie, ...headers } });
    expect((await write({ Origin: `https://${NAME}:${tls}` })).status).toBe(200);
    expect((await write({ Origin: `https://${NAME}` })).status).toBe(403);
    const forged = { Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example' };
    expect((await write(forged)).status).toBe(403);
  });

  it('makes the app refuse writes of old browsers if nginx does not pass on the header Host', async () => {
    await node('one');
    await start(without('proxy_set_header Host              $http_host;'));
    const { Cookie } = await signIn();
    const write = (headers: Record<string, string>) =>
      send('/private', { method: 'POST', headers: { Cookie, Origin: `https://${NAME}:${tls}`, ...headers } });
    expect((await write({})).status).toBe(403);
    expect((await write({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
  });

  it('refuses a session on every node after it was ended on one', async () => {
    const [one] = [await node('one'), await node('two')];
    await start();
    const { Cookie, id } = await signIn();
    const visit = () => send('/private', { headers: { Cookie } });
    const seen = new Set<unknown>();
    for (let visits = 0; visits < 4; visits++) {
      const { status, headers } = await visit();
      expect(status).toBe(200);
      seen.add(headers['x-node']);
    }
    expect(seen).toEqual(new Set(['one', 'two']));
    await one.manager.administration.revoke(id);
    nodes.clock.advance(2000);
    for (let visits = 0; visits < 4; visits++) {
      const { status, text } = await visit();
      expect([status, JSON.parse(text)]).toEqual([401, expect.objectContaining({ code: 'session-ended' })]);
    }
  });

  it('sends events at once, and breaks the stream off when the session ends on another node', async () => {
    const [one, two] = [await node('one'), await node('two')];
    await start();
    const { Cookie, id } = await signIn();
    const [stream] = (await once(open('/events', { headers: { Cookie } }), 'response')) as [IncomingMessage];
    const broken = new Promise((resolve) => stream.once('error', resolve));
    const [event] = (await once(stream.setEncoding('utf8'), 'data')) as [string];
    expect(event).toBe('data: hello\n\n');
    const other = stream.headers['x-node'] === 'one' ? two : one;
    await other.manager.administration.revoke(id);
    nodes.clock.advance(2000);
    await broken;
    expect(stream.complete).toBe(false);
  });

  it('passes WebSockets on, with the close code of an ended session', async () => {
    const { manager } = await node('one');
    await start();
    const { Cookie, id } = await signIn();
    const dial = (headers: Record<string, string>) =>
      new WebSocket(`wss://127.0.0.1:${tls}/`, {
        headers: { Host: `${NAME}:${tls}`, Cookie, ...headers },
        agent: new https.Agent({ ca: folder.ca, servername: NAME }),
      });
    const socket = dial({ Origin: `https://${NAME}:${tls}` });
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(message.toString()).toBe('alice');
    const [, refusal] = (await once(
      dial({ Origin: 'https://evil.example' }).on('error', () => undefined),
      'unexpected-response',
    )) as [unknown, IncomingMessage];
    expect(refusal.statusCode).toBe(403);
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    await manager.administration.revoke(id);
    await turns();
    expect((await closed)[0]).toBe(4401);
  });

  it('passes on 503 with Retry-After during an outage of the database, without a cookie', async () => {
    const { Cookie } = await outage();
    const { status, headers } = await send('/private', { headers: { Cookie } });
    expect([status, headers['retry-after'], headers['set-cookie']]).toEqual([503, '1', undefined]);
  });

  it('protects files with auth_request, with 401, 403 and 503 from the app', async () => {
    await node('one');
    await start(inServer(PROTECTED_FILES));
    const file = (sent: Sent = {}) => send('/files/report.txt', sent);
    expect((await file()).status).toBe(401);
    const { Cookie } = await signIn();
    expect(await file({ headers: { Cookie } })).toMatchObject({ status: 200, text: 'the report' });
    const foreign = { Cookie, Origin: 'https://evil.example' };
    expect((await file({ method: 'POST', headers: foreign })).status).toBe(403);
    expect((await send('/session-check', { headers: { Cookie } })).status).toBe(404);
    expect((await send('/session', { method: 'DELETE', headers: { Cookie } })).status).toBe(204);
    expect((await file({ headers: { Cookie } })).status).toBe(401);
  });

  it.each([
    ['503 with Retry-After', (unchanged: string) => unchanged, [503, '1']],
    ['500 without error_page', without('  error_page 500 = @unavailable;\n'), [500, undefined]],
  ])('answers requests for protected files during an outage with %s', async (_, change, expected) => {
    const { Cookie } = await outage(inServer(change(PROTECTED_FILES)));
    const { status, headers } = await send('/files/report.txt', { headers: { Cookie } });
    expect([status, headers['retry-after']]).toEqual(expected);
  });

  const zone = (path: string) => `proxy_cache_path ${join(folder.path, path)} keys_zone=responses:1m;\n`;

  it('gives every user their own page from behind a cache with the lines of the page', async () => {
    await node('one');
    await start((configuration) => zone('users') + inLocation(`${CACHE}\n${NO_CACHE}`)(configuration));
    expect((await send('/home')).text).toBe('home of a guest');
    for (const user of ['alice', 'bob']) {
      const { Cookie } = await signIn(user);
      expect((await send('/home', { headers: { Cookie } })).text).toBe(`home of ${user}`);
      expect((await send('/page', { headers: { Cookie } })).text).toBe(`page of ${user}`);
    }
    expect(await send('/home')).toMatchObject({ text: 'home of a guest', headers: { 'x-cache': 'HIT' } });
    expect((await send('/page')).status).toBe(401);
  });

  it('stores no response of this package without these lines, but pages of the app', async () => {
    await node('one');
    await start((configuration) => zone('everything') + inLocation(CACHE)(configuration));
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    for (const path of ['/session', '/sessions']) {
      expect((await send(path)).status).toBe(401);
      const one = await send(path, { headers: { Cookie: alice.Cookie } });
      const two = await send(path, { headers: { Cookie: bob.Cookie } });
      expect([one.status, two.status, two.headers['x-cache']]).toEqual([200, 200, 'MISS']);
      expect(one.text).not.toBe(two.text);
    }
    await send('/page', { headers: { Cookie: alice.Cookie } });
    const page = await send('/page', { headers: { Cookie: bob.Cookie } });
    expect(page).toMatchObject({ text: 'page of alice', headers: { 'x-cache': 'HIT' } });
  });

  /** Signs in, and makes the database unreachable until the lease of the cached session has ended. */
  async function outage(change?: (configuration: string) => string): Promise<{ Cookie: string }> {
    const { url } = nodes.database;
    const proxy = await Proxy.before(url);
    const quiet = { warn: () => undefined, error: () => undefined };
    const knex = nodes.database.connect({ connection: proxy.through(url), log: quiet });
    await node('one', { knex, requestBudget: 1000 });
    await start(change);
    const signedIn = await signIn();
    await until(() => nodes.clock.reads > 0);
    await proxy.down();
    nodes.clock.advance(2000);
    return signedIn;
  }
});
