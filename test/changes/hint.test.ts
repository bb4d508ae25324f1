import { MonitoredHint, SEND_AT_MOST_EVERY, type Hint, type HintListener } from '../../lib/changes/hint';
import type { SessionEvent } from '../../lib/events';
import { FakeClock } from '../support/clock';
import { turns } from '../support/gate';

let clock: FakeClock;
let listener: HintListener | undefined;
let stopped: number;
let sending: { resolve: () => void; reject: (error: Error) => void }[];
let events: SessionEvent[];
let notified: number;
let monitored: MonitoredHint;

const hint: Hint = {
  name: 'test',
  listen(given) {
    listener = given;
    return () => stopped++;
  },
  send: () => new Promise<void>((resolve, reject) => sending.push({ resolve, reject })),
};

beforeEach(() => {
  clock = new FakeClock();
  listener = undefined;
  stopped = 0;
  sending = [];
  events = [];
  notified = 0;
  monitored = monitor(hint);
});

function monitor(made: Hint): MonitoredHint {
  return new MonitoredHint(made, (event) => events.push(event), clock, clock);
}

async function passInterval(): Promise<void> {
  await turns();
  clock.advance(SEND_AT_MOST_EVERY);
  await turns();
}

const failed = (message: string) => ({ type: 'failed', task: 'hint', error: new Error(message) });
const recovered = { type: 'recovered', task: 'hint' };

describe('MonitoredHint.listen()', () => {
  beforeEach(() => monitored.listen(() => notified++));

  it('passes every notification on', () => {
    listener!.notify();
    listener!.notify();
    expect(notified).toBe(2);
  });

  it('reports one failed event when the hint goes down and one recovered event when it is up again', () => {
    listener!.up();
    expect(events).toEqual([]);
    listener!.down(new Error('first'));
    listener!.down(new Error('second'));
    expect(events).toEqual([failed('first')]);
    listener!.up();
    listener!.up();
    expect(events).toEqual([failed('first'), recovered]);
  });

  it('stops with close(), and nothing is passed on or reported afterwards', () => {
    void monitored.close();
    listener!.notify();
    listener!.down(new Error('closed'));
    expect([stopped, notified, events]).toEqual([1, 0, []]);
  });
});

describe('MonitoredHint on a hint whose listen() throws', () => {
  it('reports a failed event and does not throw', () => {
    const broken = monitor({
      name: 'test',
      listen: () => {
        throw new Error('broken');
      },
    });
    broken.listen(() => notified++);
    expect(events).toEqual([failed('broken')]);
    broken.send();
    void broken.close();
  });
});

describe('MonitoredHint.send()', () => {
  it('sends the first notification immediately, and one for all later calls when it is answered', async () => {
    for (let calls = 0; calls < 1000; calls++) monitored.send();
    expect(sending).toHaveLength(1);
    await passInterval();
    expect(sending).toHaveLength(1);
    sending[0]!.resolve();
    await turns();
    expect(sending).toHaveLength(2);
    sending[1]!.resolve();
    await passInterval();
    expect(sending).toHaveLength(2);
    monitored.send();
    expect(sending).toHaveLength(3);
  });

  it('sends at most one notification per interval, and the last one for the last call', async () => {
    for (let elapsed = 0; elapsed < 10 * SEND_AT_MOST_EVERY; elapsed++) {
      monitored.send();
      sending.at(-1)!.resolve();
      await turns();
      clock.advance(1);
      await turns();
    }
    expect(sending).toHaveLength(11);
    sending.at(-1)!.resolve();
    await passInterval();
    expect(sending).toHaveLength(11);
  });

  it('reports consecutive failures once and tries again with the next notification', async () => {
    for (const message of ['first', 'second']) {
      monitored.send();
      sending.pop()!.reject(new Error(message));
      await passInterval();
    }
    expect(events).toEqual([failed('first')]);
    monitored.send();
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('first'), recovered]);
  });

  it('sends another notification when the source is back, because the last one was lost', async () => {
    monitored.listen(() => notified++);
    monitored.send();
    sending.pop()!.reject(new Error('off'));
    listener!.down(new Error('off'));
    await passInterval();
    listener!.up();
    expect(sending).toHaveLength(1);
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('off'), recovered]);
  });

  it('gives up on a notification after the timeout, reports it, and sends the next one', async () => {
    monitored.send();
    monitored.send();
    clock.advance(999);
    await turns();
    expect([sending.length, events]).toEqual([1, []]);
    clock.advance(1);
    await turns();
    expect(sending).toHaveLength(2);
    expect(events).toEqual([failed('The hint took too long to send a notification')]);
  });

  it('reports recovery when a notification succeeds after its timeout', async () => {
    monitored.send();
    clock.advance(1000);
    await turns();
    sending[0]!.resolve();
    await turns();
    expect(events).toEqual([failed('The hint took too long to send a notification'), recovered]);
  });

  it('does not report recovery while listening is still down', async () => {
    monitored.listen(() => notified++);
    listener!.down(new Error('not listening'));
    monitored.send();
    sending.pop()!.resolve();
    await passInterval();
    monitored.send();
    sending.pop()!.reject(new Error('not sending either'));
    await passInterval();
    listener!.up();
    expect(events).toEqual([failed('not listening')]);
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('not listening'), recovered]);
  });

  it('sends the pending notification on close() without waiting for the interval', async () => {
    let closed = false;
    monitored.send();
    sending[0]!.resolve();
    await turns();
    monitored.send();
    void monitored.close().then(() => (closed = true));
    await turns();
    expect([sending.length, closed]).toEqual([2, false]);
    sending[1]!.resolve();
    await turns();
    expect(closed).toBe(true);
  });

  it('gives up on the pending notification after its timeout, so that close() does not hang', async () => {
    monitored.send();
    let closed = false;
    void monitored.close().then(() => (closed = true));
    clock.advance(1000);
    await turns();
    expect(closed).toBe(true);
  });

  it('reports nothing and sends no further notification after close()', async () => {
    monitored.send();
    const closing = monitored.close();
    sending[0]!.reject(new Error('closed'));
    await closing;
    monitored.send();
    await turns();
    expect([sending.length, events]).toEqual([1, []]);
  });

  it('does nothing if the hint has no send()', async () => {
    const listens = monitor({ name: 'test', listen: () => () => undefined });
    listens.send();
    await turns();
    expect(events).toEqual([]);
  });
});

describe('MonitoredHint.health', () => {
  it('is up only while both listening and sending work, and contains the time of the last change', async () => {
    const began = clock.now();
    expect(monitored.health).toEqual({ name: 'test', up: false, since: began });
    monitored.listen(() => undefined);
    clock.advance(10);
    listener!.up();
    expect(monitored.health).toEqual({ name: 'test', up: true, since: began + 10 });
    clock.advance(10);
    listener!.up();
    monitored.send();
    sending[0]!.reject(new Error('off'));
    await turns();
    expect(monitored.health).toEqual({ name: 'test', up: false, since: began + 20 });
    clock.advance(SEND_AT_MOST_EVERY);
    monitored.send();
    sending[1]!.resolve();
    await turns();
    expect(monitored.health).toEqual({ name: 'test', up: true, since: began + 40 });
    listener!.down(new Error('off'));
    expect(monitored.health.up).toBe(false);
  });
});
