import { instant } from '../../lib/http/dialect';

describe('instant', () => {
  it('formats a time as ISO 8601 in UTC with milliseconds', () => {
    expect(instant(Date.UTC(2026, 0, 15, 12) + 7)).toBe('2026-01-15T12:00:00.007Z');
  });
});
