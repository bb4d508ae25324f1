import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';

import { endWithSession, memory, sessionSecretGuard, type IdentitySessionManager } from '../../lib';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import { FakeClock } from '../support/clock';
import { cookieOf } from '../support/credentials';
import { createDatabase, type TestDatabase } from '../support/database';
import { GatedStore, turns, until } from '../support/gate';
import { managerOn } from '../support/manager';

let database: TestDatabase;
let clock: FakeClock;
let managers: IdentitySessionManager[];
let server: http.Server;

beforeAll(async () => {
  database = await createDatabase();
});
beforeEach(async () => {
  await database.empty();
  clock = new FakeClock();
  managers = [0, 1].map(() => managerOn({ knex: database.knex, clock }));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await Promise.all(managers.map((manager) => manager.close()));
});
afterAll(() => database.destroy());

/** Opens an event stream whose handler never ends the response. */
async function openStream(manager: IdentitySessionManager, browser: Browser): Promise<http.IncomingMessage> {
  const app = express();
  app.get('/events', sessionSecretGuard(manager), endWithSession(manager), (_request, response) => {
    response.setHeader('Content-Type', 'text/event-stream');
    response.write('data: hello\n\n');
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = http.get({
    port,
    host: '127.0.0.1',
    path: '/events',
    headers: { Cookie: browser.cookieHeader },
  });
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
  response.on('error', () => undefined);
  await once(response, 'data');
  return response;
}

it('endWithSession closes an open stream after its session was ended on another node', async () => {
  const browser = new Browser(appOn(managers[0]!));
  await browser.post('/sign-in', { userId: 'alice' });
  const stream = await openStream(managers[1]!, browser);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  expect((await browser.delete('/session')).status).toBe(204);
  for (let passed = 0; passed < 3000 && !stream.destroyed; passed += 250) {
    clock.advance(250);
    await turns();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  expect(stream.complete).toBe(false);
});

it('endWithSession stops watching the session after the client closed the stream', async () => {
  const [manager] = managers;
  const browser = new Browser(appOn(manager!));
  await browser.post('/sign-in', { userId: 'alice' });
  const unwatched = new Promise<void>((resolve) => {
    const watch = manager!.onEnded.bind(manager!);
    manager!.onEnded = (...given) => {
      const unwatch = watch(...given);
      return () => {
        unwatch();
        resolve();
      };
    };
  });
  const stream = await openStream(manager!, browser);
  stream.destroy();
  await unwatched;
});

it('endWithSession does not watch the session if the client left while the guard waited', async () => {
  const gated = new GatedStore(memory());
  const manager = managerOn({ store: gated.store, clock });
  const { session, secret } = await manager.open({ userId: 'alice' });
  const watch = jest.spyOn(manager, 'onEnded');
  const left = jest.fn();
  const app = express();
  let entered = false;
  app.use((_request, response, next) => {
    response.once('close', left);
    next();
  });
  app.get('/events', sessionSecretGuard(manager), endWithSession(manager), () => {
    entered = true;
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  gated.close();
  const headers = { Cookie: cookieOf({ session, secret }) };
  const asked = http.get({ port, host: '127.0.0.1', path: '/events', headers });
  asked.on('error', () => undefined);
  await until(() => gated.asked['find'] === 1);
  asked.destroy();
  await until(() => left.mock.calls.length === 1);
  gated.open();
  await until(() => entered);
  expect(watch).not.toHaveBeenCalled();
  await manager.close();
});

it('endWithSession throws a TypeError with the fix if no guard is mounted before it', () => {
  const handler = endWithSession(managers[0]!);
  expect(() => handler({} as never, {} as never, () => undefined)).toThrow(/mount the guard before it/);
  server = http.createServer();
});
