import { FIRST_WAIT, FREE_FAILURES, LONGEST_WAIT, waitAfter } from '../../lib/store/attempts';

describe('waitAfter', () => {
  it.each([
    [0, 0],
    [FREE_FAILURES - 1, 0],
    [FREE_FAILURES, FIRST_WAIT],
    [FREE_FAILURES + 1, 2 * FIRST_WAIT],
    [FREE_FAILURES + 7, LONGEST_WAIT],
    [1e9, LONGEST_WAIT],
  ])('returns for %d failures in a row the wait of %d ms', (failures, wait) => {
    expect(waitAfter(failures)).toBe(wait);
  });
});
