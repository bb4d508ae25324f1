import { instant } from '../../lib/http/dialect';

describe('a point in time', () => {
  it('is written in UTC, to the millisecond', () => {
    expect(instant(Date.UTC(2026, 0, 15, 12) + 7)).toBe('2026-01-15T12:00:00.007Z');
  });
});
