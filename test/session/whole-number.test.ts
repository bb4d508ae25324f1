import { wholeNumber } from '../../lib/session/whole-number';

describe('wholeNumber', () => {
  it.each([1, 2, 5])('returns %p, which is within the limits', (value) => {
    expect(wholeNumber('limit', value, 1, 5)).toBe(value);
  });

  it.each([0, 6, 1.5, NaN, Infinity, '2'])('rejects %p with invalid-request', (value) => {
    expect(() => wholeNumber('limit', value as number, 1, 5)).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: 'limit' }),
    );
  });
});
