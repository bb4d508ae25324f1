import { AbsentIds } from '../../lib/store/absent-ids';
import { FakeClock } from '../support/clock';

let clock: FakeClock;
let absent: AbsentIds;

beforeEach(() => {
  clock = new FakeClock();
  clock.advance(10_000);
  absent = new AbsentIds(clock);
});

describe("ids that are nobody's", () => {
  it('are known for a second, counted from when the store was asked', () => {
    absent.note('a', clock.monotonic() - 400);
    clock.advance(599);
    expect(absent.has('a')).toBe(true);
    expect(absent.has('b')).toBe(false);
    clock.advance(1);
    expect(absent.has('a')).toBe(false);
  });

  it('are forgotten one by one, and all together', () => {
    for (const id of ['a', 'b', 'c']) absent.note(id, clock.monotonic());
    absent.delete('a');
    expect(['a', 'b', 'c'].map((id) => absent.has(id))).toEqual([false, true, true]);
    absent.clear();
    expect(['a', 'b', 'c'].map((id) => absent.has(id))).toEqual([false, false, false]);
  });

  it('are a thousand at the most: those noted last', () => {
    absent.note('first', clock.monotonic());
    absent.note('again', clock.monotonic());
    for (let id = 0; id < 998; id++) absent.note(String(id), clock.monotonic());
    absent.note('again', clock.monotonic());
    expect(absent.has('first')).toBe(true);
    absent.note('one more', clock.monotonic());
    expect(absent.has('first')).toBe(false);
    absent.note('two more', clock.monotonic());
    expect(['again', 'one more', '0'].map((id) => absent.has(id))).toEqual([true, true, false]);
  });
});
