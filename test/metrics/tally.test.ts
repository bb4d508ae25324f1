import { Tally } from '../../lib/metrics/tally';

describe('Tally', () => {
  it('has all values from the start, and counts unknown ones as other', () => {
    const tally = new Tally(['a', 'b']);
    for (const value of ['a', 'a', 'c', '__proto__', '']) tally.add(value);
    expect([...tally.counts]).toEqual([
      ['a', 2],
      ['b', 0],
      ['other', 3],
    ]);
  });
});
