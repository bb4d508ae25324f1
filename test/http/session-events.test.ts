import { once } from 'node:events';
import express from 'express';

import { sessionEvents, sessionSecretGuard, type IdentitySessionManager } from '../../lib';
import { LIST_EVERY } from '../../lib/manager/owner-watch';
import { appOn } from '../support/app';
import { Browser } from '../support/browser';
import type { FakeClock } from '../support/clock';
import { EventSource, streamServer } from '../support/event-source';
import { managerWithClock } from '../support/pages';

let manager: IdentitySessionManager;
let clock: FakeClock;
let server: { url: string; stop: () => void };
let desk: Browser;

beforeEach(async () => {
  ({ manager, clock } = managerWithClock());
  const app = appOn(manager);
  server = await streamServer(app);
  desk = new Browser(app);
  await desk.post('/sign-in', { userId: 'alice' });
});
afterEach(async () => {
  server.stop();
  await manager.close();
});

const open = () => EventSource.open(`${server.url}/sessions/events`, { Cookie: desk.cookieHeader });

describe('GET /sessions/events', () => {
  it('sends what GET /sessions returns, after each change', async () => {
    const stream = await open();
    const [first] = await stream.received(1);
    expect(JSON.parse(first!.data)).toEqual((await desk.get('/sessions')).body);
    clock.advance(1000);
    await new Browser(appOn(manager)).post('/sign-in', { userId: 'alice' });
    const changed = JSON.parse((await stream.received(2))[1]!.data) as { sessions: { current: boolean }[] };
    expect(changed.sessions.map(({ current }) => current)).toEqual([false, true]);
  });

  it('sends no session of another user', async () => {
    const stream = await open();
    await stream.received(1);
    await new Browser(appOn(manager)).post('/sign-in', { userId: 'bob' });
    const { body } = await desk.get('/session');
    await desk.patch(`/sessions/${body.session.id}`, { name: 'Desk' });
    clock.advance(LIST_EVERY);
    const events = await stream.received(2);
    expect(events).toHaveLength(2);
    for (const { data } of events) expect(JSON.parse(data).sessions).toHaveLength(1);
  });

  it('sends the problem document with the reason when the session ends', async () => {
    const stream = await open();
    await stream.received(1);
    const ended = once(stream.response, 'end');
    await manager.onCredentialChange({ userId: 'alice' });
    await ended;
    const { name, data } = stream.events.at(-1)!;
    expect(name).toBe('ended');
    expect(JSON.parse(data)).toEqual((await desk.get('/session')).body);
    expect(JSON.parse(data)).toMatchObject({ status: 401, reason: 'credential-changed' });
  });

  it('returns 401 without a live session', async () => {
    clock.advance(2 * 3_600_000);
    const { status, body } = await desk.get('/sessions/events');
    expect([status, body.code]).toEqual([401, 'session-expired']);
  });
});

describe('sessionEvents', () => {
  it('needs the manager, and a guard', async () => {
    expect(() => sessionEvents({} as never)).toThrow(/sessionEvents needs the manager/);
    const app = express().get('/', sessionEvents(manager));
    const { status, text } = await new Browser(app).get('/');
    expect(status).toBe(500);
    expect(text).toContain('sessionEvents');
  });

  it('can be mounted on any path', async () => {
    const app = appOn(manager);
    app.get('/live', sessionSecretGuard(manager, { activity: false }), sessionEvents(manager));
    const own = await streamServer(app);
    const stream = await EventSource.open(`${own.url}/live`, { Cookie: desk.cookieHeader });
    expect((await stream.received(1))[0]!.name).toBe('sessions');
    own.stop();
  });
});
