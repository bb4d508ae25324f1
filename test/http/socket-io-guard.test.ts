import { once } from 'node:events';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Server, type ServerOptions } from 'socket.io';
import { io as connect, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

import {
  rest,
  sessionOf,
  socketIoGuard,
  type Dialect,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';
import { bearerOf, cookieOf } from '../support/credentials';
import { turns, until } from '../support/gate';
import { nodesOnADatabase } from '../support/nodes';
import { Proxy } from '../support/proxy';

const LEASE = 2000;

const nodes = nodesOnADatabase();
const servers: { io: Server; server: http.Server }[] = [];
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const { io, server } of servers.splice(0)) {
    const closed = once(server, 'close');
    await io.close();
    await closed;
  }
});

interface Node {
  readonly manager: IdentitySessionManager;
  readonly io: Server;
  readonly url: string;
}

interface NodeOptions {
  readonly manager?: IdentitySessionOptions;
  readonly io?: Partial<ServerOptions>;
  readonly dialect?: Partial<Dialect>;
}

/** An app that sends the name of the user to each socket and repeats its messages. */
async function node(options: NodeOptions = {}): Promise<Node> {
  const manager = nodes.use({ lease: LEASE, ...options.manager });
  const app = express().set('trust proxy', 'loopback');
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const io = new Server(server, options.io);
  servers.push({ io, server });
  const dialect = { ...rest(manager.settings), ...options.dialect };
  for (const namespace of [io, io.of('/chat')]) {
    namespace.use(socketIoGuard(manager, { app, dialect }));
    namespace.on('connection', (socket) => {
      void socket.join('everyone');
      socket.on('say', (text: string) => socket.emit('heard', text));
      socket.emit('user', sessionOf(socket.request).userId);
    });
  }
  return { manager, io, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function dial(
  url: string,
  headers: Record<string, string>,
  more: Partial<ManagerOptions & SocketOptions> = {},
) {
  const client = connect(url, { extraHeaders: headers, forceNew: true, reconnection: false, ...more });
  clients.push(client);
  return client;
}

/** The first argument of the next event. */
function next<T>(client: Socket, event: string): Promise<T> {
  return new Promise((resolve) => client.once(event as 'connect', resolve as () => void));
}

interface Refused extends Error {
  readonly data?: { readonly status: number; readonly code: string };
}

async function refused(url: string, headers: Record<string, string>): Promise<Refused> {
  return next<Refused>(dial(url, headers), 'connect_error');
}

async function aliceOn({ manager }: Node): Promise<{ id: string; Cookie: string }> {
  const opened = await manager.open({ userId: 'alice' });
  return { id: opened.session.sessionId, Cookie: cookieOf(opened) };
}

/** Lets time pass in the steps of a watch. */
async function pass(time: number): Promise<void> {
  for (let passed = 0; passed < time; passed += 250) {
    nodes.clock.advance(250);
    await turns();
  }
}

describe.each([
  ['WebSocket', ['websocket']],
  ['long polling', ['polling']],
  ['long polling and then WebSocket', ['polling', 'websocket']],
])('socketIoGuard over %s', (_, transports) => {
  it('accepts a socket with a valid cookie and gives the app its session', async () => {
    const one = await node({ manager: { ipCheck: { mode: 'strict' } } });
    const { Cookie } = await aliceOn(one);
    const client = dial(one.url, { Cookie }, { transports });
    const refusal = await next<Refused>(client, 'connect_error');
    // The session was opened without an address, so a strict check refuses the address of this machine.
    expect(refusal.data).toMatchObject({ status: 401, code: 'ip-changed' });
    const opened = await one.manager.open({ userId: 'alice', ipAddress: '203.0.113.7' });
    const headers = { Cookie: cookieOf(opened), 'X-Forwarded-For': '203.0.113.7' };
    const second = dial(one.url, headers, { transports });
    expect(await next(second, 'user')).toBe('alice');
    second.emit('say', 'hello');
    expect(await next(second, 'heard')).toBe('hello');
  });

  it('disconnects the socket after its session ended on another node', async () => {
    const [one, two] = [await node(), await node()];
    const { id, Cookie } = await aliceOn(one);
    const client = dial(one.url, { Cookie }, { transports });
    await next(client, 'user');
    const reason = next<string>(client, 'disconnect');
    await two.manager.administration.revoke(id);
    await pass(LEASE);
    expect(await reason).toBe('io server disconnect');
    expect(one.io.sockets.sockets.size).toBe(0);
  });
});

describe('socketIoGuard', () => {
  it('refuses sockets without valid credentials with the body of the refusal', async () => {
    const { url } = await node();
    expect((await refused(url, {})).data).toMatchObject({ status: 401, code: 'credentials-missing' });
    const junk = { Cookie: '__Host-Http-identity=junk' };
    expect((await refused(url, junk)).data).toMatchObject({ status: 401, code: 'credentials-invalid' });
  });

  it('refuses a cookie from a page of another site, and accepts pages of `origins` and tokens', async () => {
    const one = await node({ manager: { origins: ['https://www.example.com'] } });
    const { Cookie } = await aliceOn(one);
    for (const headers of [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'same-site' }]) {
      const { data } = await refused(one.url, { Cookie, ...headers });
      expect(data).toMatchObject({ status: 403, code: 'cross-site' });
    }
    expect(await next(dial(one.url, { Cookie, Origin: 'https://www.example.com' }), 'user')).toBe('alice');
    const Authorization = bearerOf(await one.manager.open({ userId: 'bob', transport: 'bearer' }));
    expect(await next(dial(one.url, { Authorization, Origin: 'https://evil.example' }), 'user')).toBe('bob');
  });

  it('disconnects the sockets of all namespaces, and passes no further messages in either direction', async () => {
    const one = await node();
    const { id, Cookie } = await aliceOn(one);
    const client = dial(one.url, { Cookie });
    const chat = client.io.socket('/chat');
    clients.push(chat);
    await Promise.all([next(client, 'user'), next(chat, 'user')]);
    const said: string[] = [];
    for (const socket of one.io.of('/chat').sockets.values())
      socket.on('say', (text: string) => said.push(text));
    const heard: unknown[] = [];
    chat.onAny((event) => heard.push(event));
    const closed = Promise.all([next(client, 'disconnect'), next(chat, 'disconnect')]);
    await one.manager.administration.revoke(id);
    await until(() => one.io.of('/chat').sockets.size === 0);
    chat.emit('say', 'late');
    one.io.of('/chat').to('everyone').emit('secret');
    await closed;
    expect([said, heard]).toEqual([[], []]);
  });

  it('refuses a client that connects again after its session ended', async () => {
    const one = await node();
    const { id, Cookie } = await aliceOn(one);
    const client = dial(one.url, { Cookie });
    await next(client, 'user');
    const closed = next(client, 'disconnect');
    await one.manager.administration.revoke(id);
    await closed;
    client.connect();
    const { message, data } = await next<Refused>(client, 'connect_error');
    expect(data).toMatchObject({ status: 401, code: 'session-ended', reason: 'administrator' });
    expect(message).toMatch(/administrator/);
  });

  it('closes the connection if the session ends while later middlewares wait', async () => {
    const one = await node();
    const { id, Cookie } = await aliceOn(one);
    let continues: (() => void) | undefined;
    one.io.use((_, done) => void (continues = done));
    const connected = jest.fn();
    one.io.on('connection', connected);
    const client = dial(one.url, { Cookie });
    await until(() => continues !== undefined);
    await one.manager.administration.revoke(id);
    await until(() => one.io.engine.clientsCount === 0);
    continues!();
    await turns();
    expect([one.io.engine.clientsCount, connected.mock.calls.length, client.connected]).toEqual([
      0,
      0,
      false,
    ]);
  });

  it('stops watching the session when the client leaves a namespace, or closes a connection that the app refused', async () => {
    const one = await node();
    const { Cookie } = await aliceOn(one);
    const watching = new Set<object>();
    const { onEnded } = one.manager;
    jest.spyOn(one.manager, 'onEnded').mockImplementation((...given) => {
      const stop = onEnded.apply(one.manager, given);
      watching.add(given);
      return () => {
        watching.delete(given);
        stop();
      };
    });
    const client = dial(one.url, { Cookie });
    await next(client, 'user');
    const chat = client.io.socket('/chat');
    await next(chat, 'user');
    expect(watching.size).toBe(2);
    chat.disconnect();
    await until(() => watching.size === 1);

    one.io.of('/chat').use((_, done) => done(new Error('The room is full')));
    chat.connect();
    await next(chat, 'connect_error');
    expect(watching.size).toBe(2);
    client.io.engine.close();
    await until(() => watching.size === 0);
  });

  it('keeps sockets through an outage until the lease ends, then disconnects them and accepts them again', async () => {
    const { url } = nodes.database;
    const proxy = await Proxy.before(url);
    const quiet = { warn: () => undefined, error: () => undefined };
    const knex = nodes.database.connect({ connection: proxy.through(url), log: quiet });
    const one = await node({ manager: { knex, requestBudget: 1000 } });
    const { Cookie } = await aliceOn(one);
    const client = dial(one.url, { Cookie });
    await next(client, 'user');
    await until(() => nodes.clock.reads > 0);

    const { port } = proxy;
    await proxy.down();
    await pass(LEASE - 500);
    client.emit('say', 'during the outage');
    expect(await next(client, 'heard')).toBe('during the outage');
    const reason = next<string>(client, 'disconnect');
    await pass(LEASE);
    expect(await reason).toBe('io server disconnect');

    client.connect();
    expect((await next<Refused>(client, 'connect_error')).data).toMatchObject({ status: 503 });
    await proxy.up(port);
    // The manager asks the database again after a pause.
    client.on('connect_error', () => setImmediate(() => client.connect()));
    client.connect();
    await until(() => {
      nodes.clock.advance(50);
      return client.connected;
    });
    await proxy.close();
  });

  it('refuses all sockets if the server recovers connections without calling guards', async () => {
    const one = await node({ io: { connectionStateRecovery: {} } });
    const { Cookie } = await aliceOn(one);
    const { message, data } = await refused(one.url, { Cookie });
    expect([message, data]).toEqual([expect.stringContaining('skipMiddlewares: false'), undefined]);
    const two = await node({ io: { connectionStateRecovery: { skipMiddlewares: false } } });
    expect(await next(dial(two.url, { Cookie }), 'user')).toBe('alice');
  });

  it('closes the connection and reports the error when the dialect throws', async () => {
    const report = jest.fn();
    const error = new Error('The app failed');
    const refusal = () => {
      throw error;
    };
    const one = await node({ manager: { report }, dialect: { refusal } });
    await next(dial(one.url, {}), 'disconnect').catch(() => undefined);
    expect(report).toHaveBeenCalledWith({ type: 'failed', task: 'upgrade', error });
  });

  it('throws a TypeError with the correct line if app is missing, and for a dialect for reading only', () => {
    const manager = nodes.use();
    expect(() => socketIoGuard(manager, {} as never)).toThrow(
      /io\.use\(socketIoGuard\(manager, \{ app \}\)\)/,
    );
    const dialect = { ...rest(manager.settings), readOnly: true };
    expect(() => socketIoGuard(manager, { app: express(), dialect })).toThrow(
      'socketIoGuard cannot be built with this `dialect`, because it is for reading only',
    );
  });
});
