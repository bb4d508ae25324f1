import { AbsentIds } from '../../lib/store/absent-ids';
import { FakeClock } from '../support/clock';

let clock: FakeClock;
let absent: AbsentIds;

beforeEach(() => {
  clock = new FakeClock();
  clock.advance(10_000);
  absent = new AbsentIds(clock);
});

describe('AbsentIds', () => {
  it('remembers an id for one second after the store was asked', () => {
    absent.note('a', clock.monotonic() - 400);
    clock.advance(599);
    expect(absent.has('a')).toBe(true);
    expect(absent.has('b')).toBe(false);
    clock.advance(1);
    expect(absent.has('a')).toBe(false);
  });

  it('forgets one id on delete, and all ids on clear', () => {
    for (const id of ['a', 'b', 'c']) absent.note(id, clock.monotonic());
    absent.delete('a');
    expect(['a', 'b', 'c'].map((id) => absent.has(id))).toEqual([false, true, true]);
    absent.clear();
    expect(['a', 'b', 'c'].map((id) => absent.has(id))).toEqual([false, false, false]);
  });

  it('remembers at most 1000 ids and forgets the oldest first', () => {
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
