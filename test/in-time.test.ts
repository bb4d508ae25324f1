import { inTime } from '../lib/in-time';
import { FakeClock } from './support/clock';

let clock: FakeClock;
let late: string[];
let bring: (value: string) => void;
let fail: (error: Error) => void;
let waiting: Promise<string>;

beforeEach(() => {
  clock = new FakeClock();
  late = [];
  const promised = new Promise<string>((resolve, reject) => ([bring, fail] = [resolve, reject]));
  waiting = inTime(promised, { clock, limit: 100, problem: 'too slow', late: (value) => late.push(value) });
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
