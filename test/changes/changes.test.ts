import {
  ChangeFollower,
  IDLE_AFTER,
  READ_AT_MOST_EVERY,
  READ_EVERY,
  type ChangeSet,
} from '../../lib/changes/changes';
import { MonitoredHint, type HintListener } from '../../lib/changes/hint';
import { FakeClock } from '../support/clock';
import { turns } from '../support/gate';
import { HandWrittenLog } from '../support/log';

const LEASE = 2000;

let clock: FakeClock;
let log: HandWrittenLog;
let failures: unknown[];
let received: ChangeSet[];
let follower: ChangeFollower;

beforeEach(() => {
  clock = new FakeClock();
  log = new HandWrittenLog();
  failures = [];
  received = [];
  follower = newFollower(LEASE);
});

function newFollower(lease: number): ChangeFollower {
  const made = new ChangeFollower(log, { clock, lease, onFailure: (error) => failures.push(error) });
  made.subscribe((change) => received.push(change));
  return made;
}

async function read(): Promise<void> {
  clock.advance(READ_EVERY);
  await turns();
}

describe('ChangeFollower', () => {
  it('trusts no cached session before the first read, which reports that anything may have changed', async () => {
    expect(follower.trusted).toBe(false);
    follower.start();
    expect(follower.trusted).toBe(false);
    await turns();
    expect(follower.trusted).toBe(true);
    expect(received).toMatchObject([{ everything: true }]);
  });

  it('reads from its last position and passes the changes to subscribers', async () => {
    follower.start();
    await turns();
    log.write('a', 'b');
    await read();
    expect(received[1]).toMatchObject({ ids: ['a', 'b'], everything: false });
    await read();
    expect(received[2]).toMatchObject({ ids: [] });
  });

  it('trusts cached sessions until the lease after the send time of the last successful read', async () => {
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

  it('reports the age of the last successful read in whole milliseconds', async () => {
    expect(follower.health.age).toBeNull();
    follower.start();
    await turns();
    clock.advance(99.7);
    expect(follower.health).toMatchObject({ trusted: true, age: 100 });
  });

  it('calls its subscribers before it trusts cached sessions again', async () => {
    const seen: boolean[] = [];
    follower.subscribe(() => seen.push(follower.trusted));
    follower.start();
    await turns();
    expect(seen).toEqual([false]);
  });

  it('reports failed reads, keeps reading, and trusts again after a successful read', async () => {
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

  it('never has two reads in flight', async () => {
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

  describe('catchUp()', () => {
    beforeEach(async () => {
      follower.start();
      await turns();
    });

    it('resolves when the changes so far have reached the subscribers, and keeps the usual interval', async () => {
      log.write('a');
      await follower.catchUp();
      expect(received[1]).toMatchObject({ ids: ['a'] });
      clock.advance(READ_EVERY);
      expect(log.reads).toBe(3);
    });

    it('does not rely on a read that had begun before, and shares the next one with other callers', async () => {
      const release = log.hold();
      clock.advance(READ_EVERY);
      const caughtUp = [follower.catchUp(), follower.catchUp()];
      log.write('a');
      release();
      await Promise.all(caughtUp);
      expect(received.flatMap(({ ids }) => ids)).toEqual(['a']);
      expect(log.reads).toBe(3);
    });

    it('ends the trust in cached sessions if the log cannot be read', async () => {
      log.failure = new Error('no connection');
      await follower.catchUp();
      expect(follower.trusted).toBe(false);
      log.failure = undefined;
      await read();
      expect(follower.trusted).toBe(true);
    });

    it('reads nothing while cached sessions are not trusted anyway', async () => {
      clock.advance(IDLE_AFTER);
      await turns();
      await follower.close();
      const { reads } = log;
      await follower.catchUp();
      expect(log.reads).toBe(reads);
    });
  });

  it('starts only once if start() is called twice', async () => {
    follower.start();
    follower.start();
    await turns();
    expect(log.reads).toBe(1);
  });

  it('reads the log but trusts no cached session if the lease is 0', async () => {
    follower = newFollower(0);
    follower.start();
    await turns();
    expect([log.reads, clock.reads]).toEqual([1, 1]);
    expect(follower.trusted).toBe(false);
  });

  it('resolves synchronizeClock() after the first successful read and rejects with the error of a failed one', async () => {
    log.failure = new Error('away');
    await expect(follower.synchronizeClock()).rejects.toThrow('away');
    log.failure = undefined;
    clock.advance(READ_EVERY);
    await follower.synchronizeClock();
    log.failure = new Error('away again');
    clock.advance(READ_EVERY);
    await follower.synchronizeClock();
    expect(clock.reads).toBe(1);
  });

  describe('without use', () => {
    /** Reads until the follower pauses. Returns the number of reads so far. */
    async function pause(): Promise<number> {
      follower.start();
      await turns();
      for (let passed = 0; passed < IDLE_AFTER; passed += READ_EVERY) await read();
      expect(follower.health).toMatchObject({ paused: true, trusted: false });
      return log.reads;
    }

    it('pauses after 15 seconds: it releases the connection, reads nothing and trusts nothing', async () => {
      const reads = await pause();
      expect([reads, log.rests]).toEqual([1 + IDLE_AFTER / READ_EVERY, 1]);
      for (let i = 0; i < 100; i++) await read();
      expect([log.reads, log.rests]).toEqual([reads, 1]);
      expect(failures).toEqual([]);
    });

    it('also pauses while reads fail', async () => {
      log.failure = new Error('no connection');
      const reads = await pause();
      for (let i = 0; i < 10; i++) await read();
      expect(log.reads).toBe(reads);
    });

    it('keeps reading while it is used', async () => {
      follower.start();
      for (let passed = 0; passed < 3 * IDLE_AFTER; passed += READ_EVERY) {
        follower.noteUse();
        await read();
      }
      expect(follower.health).toMatchObject({ paused: false, trusted: true });
    });

    it('continues from its last position at the next use, and trusts nothing before the read has succeeded', async () => {
      await pause();
      log.write('a');
      const release = log.hold();
      follower.start();
      await turns();
      expect(follower.health).toMatchObject({ paused: false, trusted: false });
      release();
      await turns();
      expect(follower.trusted).toBe(true);
      expect(received.at(-1)).toMatchObject({ ids: ['a'], everything: false });
      await read();
      expect(follower.trusted).toBe(true);
    });

    it('synchronizes the clock again after a pause', async () => {
      await pause();
      log.failure = new Error('away');
      await expect(follower.synchronizeClock()).rejects.toThrow('away');
      log.failure = undefined;
      const { reads } = clock;
      await read();
      await follower.synchronizeClock();
      expect(clock.reads).toBe(reads + 1);
    });

    it('can be closed during a pause', async () => {
      await pause();
      await follower.close();
      expect(log.closed).toBe(true);
    });
  });

  it('stops reading and trusting when it is closed during a read', async () => {
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
    expect([log.reads, received.length, follower.trusted]).toEqual([2, 1, false]);
  });
});

describe('ChangeFollower with a hint', () => {
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
    const hints = [new MonitoredHint(hint, () => undefined, clock)];
    return new ChangeFollower(log, { clock, lease, hints, onFailure: (error) => failures.push(error) });
  }

  const notify = () => listeners[0]!.notify();
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

  it('reads the log immediately after a notification and then at the usual interval', async () => {
    await started();
    notify();
    await wait(0);
    expect(log.reads).toBe(2);
    await wait(READ_EVERY - 1);
    expect(log.reads).toBe(2);
    await wait(1);
    expect(log.reads).toBe(3);
  });

  it('reads once more after the current read if notifications arrive during it', async () => {
    await started();
    const release = log.hold();
    notify();
    await wait(0);
    for (let storm = 0; storm < 100; storm++) notify();
    await wait(10 * READ_EVERY);
    expect(log.reads).toBe(2);
    release();
    await turns();
    await wait(0);
    expect(log.reads).toBe(3);
    await wait(READ_AT_MOST_EVERY);
    expect(log.reads).toBe(3);
  });

  it('limits the rate of reads during a storm of notifications', async () => {
    await started();
    for (let storm = 0; storm < 1000; storm++) {
      notify();
      await wait(1);
    }
    expect(log.reads).toBe(2 + 1000 / READ_AT_MOST_EVERY);
  });

  it('does not read more often because of notifications while the log cannot be read', async () => {
    await started();
    log.failure = new Error('no connection');
    notify();
    await wait(0);
    expect(log.reads).toBe(2);
    for (let storm = 0; storm < 999; storm++) {
      notify();
      await wait(1);
    }
    expect(log.reads).toBe(3);
  });

  it('ignores notifications while it is paused without use', async () => {
    await started();
    for (let passed = 0; passed < IDLE_AFTER; passed += READ_EVERY) await wait(READ_EVERY);
    const { reads } = log;
    notify();
    await wait(10 * READ_EVERY);
    expect([log.reads, follower.health.paused]).toEqual([reads, true]);
    follower.start();
    await turns();
    notify();
    await wait(READ_AT_MOST_EVERY);
    expect(log.reads).toBe(reads + 2);
    expect(listeners).toHaveLength(1);
  });

  it('does not extend trust because of notifications', async () => {
    await started();
    log.failure = new Error('no connection');
    for (let waited = READ_AT_MOST_EVERY; waited < LEASE; waited++) {
      expect(follower.trusted).toBe(true);
      notify();
      await wait(1);
    }
    expect(follower.trusted).toBe(false);
  });

  it('sends a notification on announce(), even before the first read', async () => {
    follower.announce();
    await turns();
    expect([sent, listeners.length]).toEqual([1, 0]);
  });

  it('stops listening to the hint when it is closed', async () => {
    await started();
    expect(stopped).toBe(0);
    await follower.close();
    notify();
    await wait(READ_EVERY);
    expect([stopped, log.reads]).toEqual([1, 1]);
  });
});
