import { ChangeFollower, READ_EVERY, type ChangeSet } from '../../lib/changes/changes';
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

  it('has nothing to do when the lease is 0', async () => {
    follower = newFollower(0);
    follower.start();
    await turns();
    expect(log.reads).toBe(0);
    expect(follower.trusted).toBe(false);
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
