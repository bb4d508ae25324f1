import { once } from 'node:events';
import express from 'express';

import { sessionSecretGuard, sessionsOf, type IdentitySessionManager } from '../../lib';
import { sessionStream, versionOf } from '../../lib/http/session-stream';
import { LIST_EVERY } from '../../lib/manager/owner-watch';
import type { FakeClock } from '../support/clock';
import { cookieOf } from '../support/credentials';
import { EventSource, streamServer } from '../support/event-source';
import { managerWithClock } from '../support/pages';
import { aSession } from '../support/sessions';

const ALICE = { tenantId: null, userId: 'alice' };

let manager: IdentitySessionManager;
let clock: FakeClock;
let server: { url: string; stop: () => void };
let current: { readonly cookie: string; readonly sessionId: string };

beforeEach(async () => {
  ({ manager, clock } = managerWithClock());
  const opened = await manager.open(ALICE);
  current = { cookie: cookieOf(opened), sessionId: opened.session.sessionId };
  const app = express();
  const form = {
    sessions: async ({ sessions }: { readonly sessions: readonly object[] }) => String(sessions.length),
    ended: ({ code }: { readonly code: string }) => code,
  };
  app.get('/', sessionSecretGuard(manager, { activity: false }), sessionStream('test', manager, form));
  server = await streamServer(app);
});
afterEach(async () => {
  server.stop();
  await manager.close();
});

const open = (query = '', headers: Record<string, string> = {}) =>
  EventSource.open(`${server.url}/${query}`, { Cookie: current.cookie, ...headers });

const version = async () => versionOf((await manager.list(ALICE)).sessions);

describe('sessionStream', () => {
  it('sends the sessions at once, and again after a sign-in', async () => {
    const stream = await open();
    expect(await stream.received(1)).toEqual([{ name: 'sessions', data: '1', id: await version() }]);
    await manager.open(ALICE);
    expect((await stream.received(2))[1]).toEqual({ name: 'sessions', data: '2', id: await version() });
  });

  it.each([
    ['in the query', async () => open(`?version=${await version()}`)],
    ['of the last event', async () => open('', { 'Last-Event-ID': await version() })],
    [
      'of the last event, before that in the query',
      async () => open('?version=old', { 'Last-Event-ID': await version() }),
    ],
  ])('sends nothing before a change if the client names the version %s', async (_, opened) => {
    const stream = await opened();
    clock.advance(LIST_EVERY);
    await manager.open(ALICE);
    expect((await stream.received(1))[0]!.data).toBe('2');
    expect(stream.events).toHaveLength(1);
  });

  it('sends the reason when its session ends, and then ends itself', async () => {
    const stream = await open();
    await stream.received(1);
    const ended = once(stream.response, 'end');
    await manager.revoke(sessionsOf(ALICE, [current.sessionId]));
    await ended;
    expect(stream.events.at(-1)).toEqual({ name: 'ended', data: 'session-ended', id: undefined });
  });

  it('is not a use of its session', async () => {
    clock.advance(60_000);
    await (await open()).received(1);
    await manager.flush();
    expect((await manager.administration.get(current.sessionId)).lastAccessed).toBeNull();
  });

  it('stops to read the sessions when the client closes it', async () => {
    const stop = jest.fn();
    const watch = jest.spyOn(manager, 'watchSessions').mockReturnValue(stop);
    const stream = await open();
    expect(watch).toHaveBeenCalledTimes(1);
    expect(stop).not.toHaveBeenCalled();
    stream.response.destroy();
    while (stop.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('versionOf', () => {
  it('changes with what the page shows, and with nothing else', () => {
    const session = aSession(0);
    const version = versionOf([session]);
    expect(versionOf([{ ...session, data: { draft: 1 } }])).toBe(version);
    for (const changed of [{ name: 'Desk' }, { lastAccessed: 1 }, { ipAddresses: ['192.0.2.9'] }]) {
      expect(versionOf([{ ...session, ...changed }])).not.toBe(version);
    }
    expect(versionOf([])).not.toBe(version);
  });
});
