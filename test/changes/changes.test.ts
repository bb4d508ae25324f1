import { ChangeFollower, READ_AT_MOST_EVERY, READ_EVERY, type ChangeSet } from '../../lib/changes/changes';
import { HintLine, type HintListener } from '../../lib/changes/hint';
import { FakeClock } from '../support/clock';
import { turns } from '../support/gate';
import { HandWrittenLog } from '../support/log';

const LEASE = 2000;

let clock: FakeClock;
let log: HandWrittenLog;
let failures: unknown[];
let told: ChangeSet[];
let follower: ChangeFollower;

beforeEach(() => {
  clock = new FakeClock();
  log = new HandWrittenLog();
  failures = [];
  told = [];
  follower = newFollower(LEASE);
});

function newFollower(lease: number): ChangeFollower {
  const made = new ChangeFollower(log, { clock, lease, onFailure: (error) => failures.push(error) });
  made.subscribe((change) => told.push(change));
  return made;
}

async function read(): Promise<void> {
  clock.advance(READ_EVERY);
  await turns();
}

describe('a follower', () => {
  it('trusts nothing before it has read the log, and then tells that anything may have changed', async () => {
    expect(follower.trusted).toBe(false);
    follower.start();
    expect(follower.trusted).toBe(false);
    await turns();
    expect(follower.trusted).toBe(true);
    expect(told).toMatchObject([{ everything: true }]);
  });

  it('reads on, from where it was, and tells what changed', async () => {
    follower.start();
    await turns();
    log.write('a', 'b');
    await read();
    expect(told[1]).toMatchObject({ ids: ['a', 'b'], everything: false });
    await read();
    expect(told[2]).toMatchObject({ ids: [] });
  });

  it('trusts for the lease and no longer, counted from the sending', async () => {
    follower.start();
    await turns();
    const release = log.hold();
    clock.advance(READ_EVERY);
    clock.advance(LEASE - READ_EVERY - 1);
    expect(follower.trusted).toBe(true);
    clock.advance(1);
    expect(follower.trusted).toBe(false);
    release();
    await turns();
    expect(follower.trusted).toBe(true);
    clock.advance(READ_EVERY);
    expect(follower.trusted).toBe(false);
  });

  it('tells for how many whole milliseconds the last good read is past', async () => {
    expect(follower.health.age).toBeNull();
    follower.start();
    await turns();
    clock.advance(99.7);
    expect(follower.health).toMatchObject({ trusted: true, age: 100 });
  });

  it('has told of the changes before it trusts again', async () => {
    const seen: boolean[] = [];
    follower.subscribe(() => seen.push(follower.trusted));
    follower.start();
    await turns();
    expect(seen).toEqual([false]);
  });

  it('goes on after a failure, which it reports, and then trusts what it trusted', async () => {
    follower.start();
    await turns();
    log.failure = new Error('no connection');
    for (let i = 0; i < 5; i++) await read();
    expect(failures).toHaveLength(5);
    expect(follower.trusted).toBe(false);
    log.failure = undefined;
    await read();
    expect(follower.trusted).toBe(true);
  });

  it('never sends two reads at a time', async () => {
    follower.start();
    await turns();
    const release = log.hold();
    clock.advance(10 * READ_EVERY);
    expect(log.reads).toBe(2);
    release();
    await turns();
    clock.advance(READ_EVERY);
    expect(log.reads).toBe(3);
  });

  it('starts once', async () => {
    follower.start();
    follower.start();
    await turns();
    expect(log.reads).toBe(1);
  });

  it('reads for the time alone when the lease is 0: no copy is trusted', async () => {
    follower = newFollower(0);
    follower.start();
    await turns();
    expect([log.reads, clock.reads]).toEqual([1, 1]);
    expect(follower.trusted).toBe(false);
  });

  it('tells when the clock goes by the time of the log, and what keeps it from that', async () => {
    log.failure = new Error('away');
    await expect(follower.hearTime()).rejects.toThrow('away');
    log.failure = undefined;
    clock.advance(READ_EVERY);
    await follower.hearTime();
    log.failure = new Error('away again');
    clock.advance(READ_EVERY);
    await follower.hearTime();
    expect(clock.reads).toBe(1);
  });

  it('stops when it is closed, also in the middle of a read, and trusts nothing any more', async () => {
    follower.start();
    await turns();
    const release = log.hold();
    clock.advance(READ_EVERY);
    const closing = follower.close();
    expect(follower.trusted).toBe(false);
    release();
    await closing;
    expect(log.closed).toBe(true);
    clock.advance(10 * READ_EVERY);
    expect([log.reads, told.length, follower.trusted]).toEqual([2, 1, false]);
  });
});

describe('a hint', () => {
  let listeners: HintListener[];
  let sent: number;
  let stopped: number;

  beforeEach(() => {
    listeners = [];
    sent = 0;
    stopped = 0;
    follower = hinted(LEASE);
  });

  function hinted(lease: number): ChangeFollower {
    const hint = {
      name: 'radio',
      listen(listener: HintListener) {
        listeners.push(listener);
        return () => stopped++;
      },
      send: async () => sent++,
    };
    const hints = [new HintLine(hint, () => undefined, clock)];
    return new ChangeFollower(log, { clock, lease, hints, onFailure: (error) => failures.push(error) });
  }

  const wake = () => listeners[0]!.wake();
  const wait = async (milliseconds: number) => {
    clock.advance(milliseconds);
    await turns();
  };

  async function started(): Promise<void> {
    follower.start();
    await turns();
    await wait(READ_AT_MOST_EVERY);
    expect(log.reads).toBe(1);
  }

  it('has the log read at once, and then as if nothing had been', async () => {
    await started();
    wake();
    await wait(0);
    expect(log.reads).toBe(2);
    await wait(READ_EVERY - 1);
    expect(log.reads).toBe(2);
    await wait(1);
    expect(log.reads).toBe(3);
  });

  it('in the middle of a read has one more follow it, and no second one beside it', async () => {
    await started();
    const release = log.hold();
    wake();
    await wait(0);
    for (let storm = 0; storm < 100; storm++) wake();
    await wait(10 * READ_EVERY);
    expect(log.reads).toBe(2);
    release();
    await turns();
    await wait(0);
    expect(log.reads).toBe(3);
    await wait(READ_AT_MOST_EVERY);
    expect(log.reads).toBe(3);
  });

  it('that comes in storms has no more reads follow than so many a second', async () => {
    await started();
    for (let storm = 0; storm < 1000; storm++) {
      wake();
      await wait(1);
    }
    expect(log.reads).toBe(2 + 1000 / READ_AT_MOST_EVERY);
  });

  it('has a log that cannot be read read no more often than without', async () => {
    await started();
    log.failure = new Error('no connection');
    wake();
    await wait(0);
    expect(log.reads).toBe(2);
    for (let storm = 0; storm < 999; storm++) {
      wake();
      await wait(1);
    }
    expect(log.reads).toBe(3);
  });

  it('gives copies no time: the lease is counted from the sending as ever', async () => {
    await started();
    log.failure = new Error('no connection');
    for (let waited = READ_AT_MOST_EVERY; waited < LEASE; waited++) {
      expect(follower.trusted).toBe(true);
      wake();
      await wait(1);
    }
    expect(follower.trusted).toBe(false);
  });

  it('is sent when something was announced, also before anything is read', async () => {
    follower.announce();
    await turns();
    expect([sent, listeners.length]).toEqual([1, 0]);
  });

  it('is listened to until the follower is closed', async () => {
    await started();
    expect(stopped).toBe(0);
    await follower.close();
    wake();
    await wait(READ_EVERY);
    expect([stopped, log.reads]).toEqual([1, 1]);
  });
});
