import { TestClock } from '../../lib/testing';

describe('TestClock', () => {
  it('stands still until it is advanced, by milliseconds or by a duration', () => {
    const clock = new TestClock(new Date('2030-01-01T00:00:00Z'));
    const start = clock.now();
    expect(new Date(start).toISOString()).toBe('2030-01-01T00:00:00.000Z');
    clock.advance('1h 30m');
    clock.advance(500);
    expect([clock.now() - start, clock.monotonic()]).toEqual([5_400_500, 5_400_500]);
  });

  it('calls timers that become due, in order and at their time, also those that they set', () => {
    const clock = new TestClock(0);
    const calls: [string, number][] = [];
    const note = (name: string) => () => void calls.push([name, clock.now()]);
    clock.after(300, note('late'));
    clock.after(100, () => {
      note('early')();
      clock.after(100, note('next'));
    });
    clock.after(1001, note('never'));
    clock.after(50, note('cancelled'))();
    clock.advance('1s');
    expect(calls).toEqual([
      ['early', 100],
      ['next', 200],
      ['late', 300],
    ]);
    expect(clock.now()).toBe(1000);
  });

  it('refuses text that is no duration', () => {
    expect(() => new TestClock().advance('soon')).toThrow(RangeError);
  });
});
