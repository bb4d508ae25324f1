import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { sessionsOf, type IdentitySessionManager } from '../../../lib';
import { versionOf } from '../../../lib/pages/account/session-stream';
import { LIST_EVERY } from '../../../lib/manager/owner-watch';
import type { Browser } from '../../support/browser';
import type { FakeClock } from '../../support/clock';
import { IPHONE, managerWithClock, pagesApp, signedIn } from '../../support/pages';
import { aSession } from '../../support/sessions';

let manager: IdentitySessionManager;
let clock: FakeClock;
let server: Server;
let desk: Browser;

beforeEach(async () => {
  ({ manager, clock } = managerWithClock());
  const app = pagesApp(manager);
  desk = await signedIn(app, { userId: 'alice' });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await manager.close();
});

const owner = { tenantId: null, userId: 'alice' };
const currentId = () => desk.cookies.get('__Host-Http-identity')!.slice(0, 32);

/** An open stream of the page, and the events that it has received. */
class Stream {
  readonly events: { name: string; data: string }[] = [];
  response!: IncomingMessage;

  static async open(version = ''): Promise<Stream> {
    const stream = new Stream();
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/account/sessions/events?version=${version}`;
    [stream.response] = (await once(get(url, { headers: { Cookie: desk.cookieHeader } }), 'response')) as [
      IncomingMessage,
    ];
    let text = '';
    stream.response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [rest = '', ...complete] = text.split('\n\n').reverse();
      text = rest;
      for (const event of complete.reverse()) stream.#read(event);
    });
    stream.response.on('error', () => undefined);
    return stream;
  }

  #read(event: string): void {
    const [, name] = /^event: (.*)$/m.exec(event) ?? [];
    const data = Array.from(event.matchAll(/^data: (.*)$/gm), ([, line]) => line).join('\n');
    if (name !== undefined) this.events.push({ name, data });
  }

  async received(count: number): Promise<readonly { name: string; data: string }[]> {
    while (this.events.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.events;
  }
}

describe('the stream of a page', () => {
  it('sends the lists at once, unless the page shows them already', async () => {
    const [first] = await (await Stream.open()).received(1);
    expect(first!.name).toBe('sessions');
    expect(first!.data).toContain(currentId());
    const { sessions } = await manager.list(owner);
    const current = await Stream.open(versionOf(sessions));
    clock.advance(LIST_EVERY);
    await manager.open({ userId: 'alice', userAgent: IPHONE });
    expect((await current.received(1))[0]!.data).toContain('Mobile Safari 18 on iOS 18.5');
    expect(current.events).toHaveLength(1);
  });

  it('sends the reason when the session of the page ends, and then ends itself', async () => {
    const stream = await Stream.open();
    await stream.received(1);
    const ended = once(stream.response, 'end');
    await manager.revoke(sessionsOf(owner, [currentId()]));
    await ended;
    expect(stream.events.at(-1)).toEqual({
      name: 'ended',
      data: '/sign-in?notice=revoked&returnTo=%2Faccount%2Fsessions',
    });
  });

  it('is not compressed or stored, and not a use of its session', async () => {
    const before = (await manager.administration.get(currentId())).lastAccessed;
    clock.advance(60_000);
    const stream = await Stream.open();
    await stream.received(1);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
    });
    await manager.flush();
    expect((await manager.administration.get(currentId())).lastAccessed).toBe(before);
  });

  it('stops to read the list when the browser closes it', async () => {
    const stop = jest.fn();
    const watch = jest.spyOn(manager, 'watchSessions').mockReturnValue(stop);
    const stream = await Stream.open();
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
