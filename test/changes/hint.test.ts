import { MonitoredHint, type Hint, type HintListener } from '../../lib/changes/hint';
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
  return new MonitoredHint(made, (event) => events.push(event), clock);
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
    monitored.close();
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
    broken.close();
  });
});

describe('MonitoredHint.send()', () => {
  it('has one notification in flight and merges all further calls into one after it', async () => {
    for (let calls = 0; calls < 1000; calls++) monitored.send();
    expect(sending).toHaveLength(1);
    sending[0]!.resolve();
    await turns();
    expect(sending).toHaveLength(2);
    sending[1]!.resolve();
    await turns();
    expect(sending).toHaveLength(2);
    monitored.send();
    expect(sending).toHaveLength(3);
  });

  it('reports consecutive failures once and tries again with the next notification', async () => {
    for (const message of ['first', 'second']) {
      monitored.send();
      sending.pop()!.reject(new Error(message));
      await turns();
    }
    expect(events).toEqual([failed('first')]);
    monitored.send();
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('first'), recovered]);
  });

  it('gives up on a notification after the timeout, reports it, and sends the next one', async () => {
    monitored.send();
    monitored.send();
    clock.advance(199);
    await turns();
    expect([sending.length, events]).toEqual([1, []]);
    clock.advance(1);
    await turns();
    expect(sending).toHaveLength(2);
    expect(events).toEqual([failed('The hint took too long to send a notification')]);
  });

  it('reports recovery when a notification succeeds after its timeout', async () => {
    monitored.send();
    clock.advance(200);
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
    await turns();
    monitored.send();
    sending.pop()!.reject(new Error('not sending either'));
    await turns();
    listener!.up();
    expect(events).toEqual([failed('not listening')]);
    monitored.send();
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('not listening'), recovered]);
  });

  it('sends and reports nothing after close()', async () => {
    monitored.send();
    monitored.send();
    monitored.close();
    sending[0]!.reject(new Error('closed'));
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
    clock.advance(10);
    monitored.send();
    sending[1]!.resolve();
    await turns();
    expect(monitored.health).toEqual({ name: 'test', up: true, since: began + 30 });
    listener!.down(new Error('off'));
    expect(monitored.health.up).toBe(false);
  });
});
