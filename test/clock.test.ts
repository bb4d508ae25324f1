import { afterPendingIo, type Clock, clockOf, jittered, systemClock, withTimeout } from '../lib/clock';
import { outputOf } from './support/program';
import { DAY, HOUR } from './support/sessions';
import { FakeClock, GLOBALS } from './support/clock';

const NOON = Date.UTC(2026, 0, 15, 12);

describe('the clock of a machine', () => {
  let clock: Clock;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOON });
    clock = clockOf(GLOBALS);
  });
  afterEach(() => jest.useRealTimers());

  /** Advances all clocks of the machine. */
  const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);
  /** Sets the wall clock of the machine. */
  const setWallClock = (time: number) => jest.setSystemTime(time);

  describe('now', () => {
    it("returns the wall clock's time until the database's time is known", () => {
      expect(clock.now()).toBe(NOON);
      pass(5000);
      expect(clock.now()).toBe(NOON + 5000);
    });

    it('does not jump when the wall clock is set', () => {
      setWallClock(NOON + DAY);
      expect(clock.now()).toBe(NOON);
      setWallClock(NOON - DAY);
      pass(1);
      expect(clock.now()).toBe(NOON + 1);
    });

    it("returns the database's time once it was read, and ignores the wall clock", () => {
      clock.follow!(NOON + HOUR, clock.monotonic());
      expect(clock.now()).toBe(NOON + HOUR);
      setWallClock(NOON - DAY);
      pass(5000);
      expect(clock.now()).toBe(NOON + HOUR + 5000);
    });

    it('counts from the time at which the read was sent, not from its answer', () => {
      const read = clock.monotonic();
      pass(300);
      clock.follow!(NOON + HOUR, read);
      expect(clock.now()).toBe(NOON + HOUR + 300);
    });

    it('follows the latest read, even back in time', () => {
      clock.follow!(NOON + HOUR, clock.monotonic());
      clock.follow!(NOON, clock.monotonic());
      expect(clock.now()).toBe(NOON);
    });

    it('returns whole milliseconds', () => {
      clock.follow!(NOON, clock.monotonic() + 0.4);
      expect(clock.now()).toBe(NOON);
    });
  });

  describe('monotonic', () => {
    it('is not changed by the wall clock or the database', () => {
      const start = clock.monotonic();
      setWallClock(NOON - DAY);
      clock.follow!(NOON + DAY, start);
      expect(clock.monotonic()).toBe(start);
      pass(5000);
      expect(clock.monotonic()).toBe(start + 5000);
    });

    it('never goes back on a real machine', () => {
      jest.useRealTimers();
      const times = Array.from({ length: 1000 }, () => clock.monotonic());
      expect(times).toEqual([...times].sort((one, other) => one - other));
    });
  });

  describe('after', () => {
    it('calls its task once, after the delay', () => {
      const task = jest.fn();
      clock.after(1000, task);
      pass(999);
      expect(task).not.toHaveBeenCalled();
      pass(1);
      expect(task).toHaveBeenCalledTimes(1);
      pass(10_000);
      expect(task).toHaveBeenCalledTimes(1);
    });

    it('does not call a cancelled task', () => {
      const task = jest.fn();
      const cancel = clock.after(1000, task);
      cancel();
      pass(10_000);
      expect(task).not.toHaveBeenCalled();
    });

    it('caps a delay that is too long for setTimeout, which would fire at once', () => {
      const [ours, timer] = [jest.fn(), jest.fn()];
      setTimeout(timer, 2 ** 31);
      for (const delay of [2 ** 31 - 1, 2 ** 31, 40 * DAY, Infinity]) clock.after(delay, ours);
      pass(2 ** 31 - 2);
      expect(timer).toHaveBeenCalledTimes(1);
      expect(ours).not.toHaveBeenCalled();
      pass(1);
      expect(ours).toHaveBeenCalledTimes(4);
    });

    it('does not keep the process alive', async () => {
      jest.useRealTimers();
      const program = `
        const { systemClock } = require('./lib/clock');
        systemClock().after(${HOUR}, () => console.log('fired'));
        console.log('waiting');`;
      expect(await outputOf(program)).toBe('waiting\n');
    });
  });
});

describe("fake timers of an app's tests", () => {
  const start = Date.now();

  beforeEach(() => jest.useFakeTimers({ now: NOON }));
  afterEach(() => jest.useRealTimers());

  it('stop neither the clock nor its timers', async () => {
    const clock = systemClock();
    const begun = clock.monotonic();
    await new Promise<void>((resolve) => clock.after(20, resolve));
    expect(clock.monotonic() - begun).toBeGreaterThan(19);
    expect(clock.now()).toBeGreaterThanOrEqual(start);
    expect(clock.now()).toBeLessThan(start + HOUR);
  });

  it('do not delay tasks after pending I/O', async () => {
    await expect(new Promise<void>((resolve) => afterPendingIo(resolve))).resolves.toBeUndefined();
  });
});

describe('holdProcess', () => {
  it('returns the promise and keeps the process alive until it is settled', async () => {
    const program = `
      const { holdProcess, systemClock } = require('./lib/clock');
      const later = (settle) => new Promise((resolve, reject) => systemClock().after(20, () => settle(resolve, reject)));
      async function main() {
        console.log(await holdProcess(later((resolve) => resolve('fulfilled'))));
        await holdProcess(later((_, reject) => reject(new Error('rejected')))).catch(({ message }) => console.log(message));
        const [long, short] = [holdProcess(later((resolve) => resolve('both'))), holdProcess(Promise.resolve())];
        await short;
        console.log(await long);
        await later((resolve) => resolve());
        console.log('not reached');
      }
      main();`;
    expect(await outputOf(program)).toBe('fulfilled\nrejected\nboth\n');
  });
});

describe('withTimeout', () => {
  let clock: FakeClock;
  let late: string[];
  let fulfill: (value: string) => void;
  let reject: (error: Error) => void;
  let waiting: Promise<string>;

  beforeEach(() => {
    clock = new FakeClock();
    late = [];
    const promised = new Promise<string>(
      (onFulfilled, onRejected) => ([fulfill, reject] = [onFulfilled, onRejected]),
    );
    waiting = withTimeout(promised, {
      clock,
      limit: 100,
      problem: 'too slow',
      late: (value) => late.push(value),
    });
  });

  describe('before the timeout', () => {
    it('resolves with the value of the promise', async () => {
      clock.advance(99);
      fulfill('a');
      await expect(waiting).resolves.toBe('a');
      clock.advance(1000);
      expect(late).toEqual([]);
    });

    it('rejects with the error of the promise', async () => {
      reject(new Error('own'));
      await expect(waiting).rejects.toThrow('own');
    });
  });

  describe('after the timeout', () => {
    it('rejects, and passes a later value to the callback', async () => {
      clock.advance(100);
      await expect(waiting).rejects.toThrow('too slow');
      fulfill('a');
      await Promise.resolve();
      expect(late).toEqual(['a']);
    });

    it('ignores a later error of the promise', async () => {
      clock.advance(100);
      reject(new Error('own'));
      await expect(waiting).rejects.toThrow('too slow');
    });
  });
});

describe('jittered', () => {
  it.each([
    [0, 10],
    [0.5, 15],
    [0.99, 19.9],
  ])('returns a number between the bounds for the random number %d', (chance, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    expect(jittered(10, 20)).toBe(expected);
  });
});
