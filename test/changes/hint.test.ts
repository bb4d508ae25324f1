import { HintLine, type Hint, type HintListener } from '../../lib/changes/hint';
import type { SessionEvent } from '../../lib/events';
import { FakeClock } from '../support/clock';
import { turns } from '../support/gate';

let clock: FakeClock;
let listener: HintListener | undefined;
let stopped: number;
let sending: { resolve: () => void; reject: (error: Error) => void }[];
let events: SessionEvent[];
let woken: number;
let line: HintLine;

const hint: Hint = {
  name: 'radio',
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
  woken = 0;
  line = lineOf(hint);
});

function lineOf(made: Hint): HintLine {
  return new HintLine(made, (event) => events.push(event), clock);
}

const failed = (message: string) => ({ type: 'failed', task: 'hint', error: new Error(message) });
const recovered = { type: 'recovered', task: 'hint' };

describe('listening', () => {
  beforeEach(() => line.listen(() => woken++));

  it('passes on that the log may have grown', () => {
    listener!.wake();
    listener!.wake();
    expect(woken).toBe(2);
  });

  it('tells once that it went down, however often it fails, and once that it is back', () => {
    listener!.up();
    expect(events).toEqual([]);
    listener!.down(new Error('first'));
    listener!.down(new Error('second'));
    expect(events).toEqual([failed('first')]);
    listener!.up();
    listener!.up();
    expect(events).toEqual([failed('first'), recovered]);
  });

  it('ends with the line, and nothing is told after it', () => {
    line.close();
    listener!.wake();
    listener!.down(new Error('closed'));
    expect([stopped, woken, events]).toEqual([1, 0, []]);
  });
});

describe('a hint that throws instead of listening', () => {
  it('is down, and nothing else', () => {
    const broken = lineOf({
      name: 'radio',
      listen: () => {
        throw new Error('broken');
      },
    });
    broken.listen(() => woken++);
    expect(events).toEqual([failed('broken')]);
    broken.send();
    broken.close();
  });
});

describe('sending', () => {
  it('has one message on its way, and one more for all that were asked for meanwhile', async () => {
    for (let asked = 0; asked < 1000; asked++) line.send();
    expect(sending).toHaveLength(1);
    sending[0]!.resolve();
    await turns();
    expect(sending).toHaveLength(2);
    sending[1]!.resolve();
    await turns();
    expect(sending).toHaveLength(2);
    line.send();
    expect(sending).toHaveLength(3);
  });

  it('that fails is told once, and it is tried again for the next message', async () => {
    for (const message of ['first', 'second']) {
      line.send();
      sending.pop()!.reject(new Error(message));
      await turns();
    }
    expect(events).toEqual([failed('first')]);
    line.send();
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('first'), recovered]);
  });

  it('that takes too long has failed, and keeps no later message back', async () => {
    line.send();
    line.send();
    clock.advance(199);
    await turns();
    expect([sending.length, events]).toEqual([1, []]);
    clock.advance(1);
    await turns();
    expect(sending).toHaveLength(2);
    expect(events).toEqual([failed('The hint took too long to send')]);
  });

  it('that was late is good again when it has gone after all', async () => {
    line.send();
    clock.advance(200);
    await turns();
    sending[0]!.resolve();
    await turns();
    expect(events).toEqual([failed('The hint took too long to send'), recovered]);
  });

  it('that works says nothing about listening, which is still down', async () => {
    line.listen(() => woken++);
    listener!.down(new Error('deaf'));
    line.send();
    sending.pop()!.resolve();
    await turns();
    line.send();
    sending.pop()!.reject(new Error('dumb too'));
    await turns();
    listener!.up();
    expect(events).toEqual([failed('deaf')]);
    line.send();
    sending.pop()!.resolve();
    await turns();
    expect(events).toEqual([failed('deaf'), recovered]);
  });

  it('stops with the line', async () => {
    line.send();
    line.send();
    line.close();
    sending[0]!.reject(new Error('closed'));
    await turns();
    expect([sending.length, events]).toEqual([1, []]);
  });

  it('is nothing where the hint leaves it to others', async () => {
    const listens = lineOf({ name: 'radio', listen: () => () => undefined });
    listens.send();
    await turns();
    expect(events).toEqual([]);
  });
});

describe('its health', () => {
  it('is up while it is told of the log and can tell others, and says since when', async () => {
    const began = clock.now();
    expect(line.health).toEqual({ name: 'radio', up: false, since: began });
    line.listen(() => undefined);
    clock.advance(10);
    listener!.up();
    expect(line.health).toEqual({ name: 'radio', up: true, since: began + 10 });
    clock.advance(10);
    listener!.up();
    line.send();
    sending[0]!.reject(new Error('off'));
    await turns();
    expect(line.health).toEqual({ name: 'radio', up: false, since: began + 20 });
    clock.advance(10);
    line.send();
    sending[1]!.resolve();
    await turns();
    expect(line.health).toEqual({ name: 'radio', up: true, since: began + 30 });
    listener!.down(new Error('off'));
    expect(line.health.up).toBe(false);
  });
});
