import { systemClock, type Clock, withTimeout, jittered } from '../lib/clock';
import { outputOf } from './support/program';
import { DAY, HOUR } from './support/sessions';
import { FakeClock } from './support/clock';

const NOON = Date.UTC(2026, 0, 15, 12);

describe('systemClock', () => {
  let clock: Clock;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOON });
    clock = systemClock();
  });
  afterEach(() => jest.useRealTimers());

  /** Time passes, and all clocks of the machine go with it. */
  const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);
  /** Somebody sets the machine's wall clock. */
  const setWallClock = (time: number) => jest.setSystemTime(time);

  describe('now', () => {
    it("is the machine's wall clock's time until the database's is known, and goes on", () => {
      expect(clock.now()).toBe(NOON);
      pass(5000);
      expect(clock.now()).toBe(NOON + 5000);
    });

    it('does not jump with the wall clock', () => {
      setWallClock(NOON + DAY);
      expect(clock.now()).toBe(NOON);
      setWallClock(NOON - DAY);
      pass(1);
      expect(clock.now()).toBe(NOON + 1);
    });

    it("is the database's time once that was read, whatever the wall clock says then or later", () => {
      clock.follow!(NOON + HOUR, clock.monotonic());
      expect(clock.now()).toBe(NOON + HOUR);
      setWallClock(NOON - DAY);
      pass(5000);
      expect(clock.now()).toBe(NOON + HOUR + 5000);
    });

    it('counts from when the database was read, not from when its answer came', () => {
      const read = clock.monotonic();
      pass(300);
      clock.follow!(NOON + HOUR, read);
      expect(clock.now()).toBe(NOON + HOUR + 300);
    });

    it('follows the newest answer, also back in time', () => {
      clock.follow!(NOON + HOUR, clock.monotonic());
      clock.follow!(NOON, clock.monotonic());
      expect(clock.now()).toBe(NOON);
    });

    it('is in whole milliseconds', () => {
      clock.follow!(NOON, clock.monotonic() + 0.4);
      expect(clock.now()).toBe(NOON);
    });
  });

  describe('monotonic time', () => {
    it('goes on with time and with nothing else', () => {
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
    it('calls its task once, when the time has come', () => {
      const task = jest.fn();
      clock.after(1000, task);
      pass(999);
      expect(task).not.toHaveBeenCalled();
      pass(1);
      expect(task).toHaveBeenCalledTimes(1);
      pass(10_000);
      expect(task).toHaveBeenCalledTimes(1);
    });

    it('calls nothing that was cancelled', () => {
      const task = jest.fn();
      const cancel = clock.after(1000, task);
      cancel();
      pass(10_000);
      expect(task).not.toHaveBeenCalled();
    });

    it('waits as long as a timer can when told to wait for longer, where a timer would fire at once', () => {
      const [ours, bare] = [jest.fn(), jest.fn()];
      setTimeout(bare, 2 ** 31);
      for (const delay of [2 ** 31 - 1, 2 ** 31, 40 * DAY, Infinity]) clock.after(delay, ours);
      pass(2 ** 31 - 2);
      expect(bare).toHaveBeenCalledTimes(1);
      expect(ours).not.toHaveBeenCalled();
      pass(1);
      expect(ours).toHaveBeenCalledTimes(4);
    });

    it('keeps no process alive', async () => {
      jest.useRealTimers();
      const program = `
        const { systemClock } = require('./lib/clock');
        systemClock().after(${HOUR}, () => console.log('fired'));
        console.log('waiting');`;
      expect(await outputOf(program)).toBe('waiting\n');
    });
  });
});

describe('withTimeout', () => {
  let clock: FakeClock;
  let late: string[];
  let bring: (value: string) => void;
  let fail: (error: Error) => void;
  let waiting: Promise<string>;

  beforeEach(() => {
    clock = new FakeClock();
    late = [];
    const promised = new Promise<string>((resolve, reject) => ([bring, fail] = [resolve, reject]));
    waiting = withTimeout(promised, {
      clock,
      limit: 100,
      problem: 'too slow',
      late: (value) => late.push(value),
    });
  });

  describe('a promise that is kept in time', () => {
    it('brings its value, and nothing is late', async () => {
      clock.advance(99);
      bring('a');
      await expect(waiting).resolves.toBe('a');
      clock.advance(1000);
      expect(late).toEqual([]);
    });

    it('brings its own error', async () => {
      fail(new Error('own'));
      await expect(waiting).rejects.toThrow('own');
    });
  });

  describe('a promise that is not kept in time', () => {
    it('is an error, and what it brings later is not lost', async () => {
      clock.advance(100);
      await expect(waiting).rejects.toThrow('too slow');
      bring('a');
      await Promise.resolve();
      expect(late).toEqual(['a']);
    });

    it('may fail later, unheard', async () => {
      clock.advance(100);
      fail(new Error('own'));
      await expect(waiting).rejects.toThrow('too slow');
    });
  });
});

describe('a jittered length', () => {
  it.each([
    [0, 10],
    [0.5, 15],
    [0.99, 19.9],
  ])('where chance says %d lies between the two', (chance, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    expect(jittered(10, 20)).toBe(expected);
  });
});
