import fc from 'fast-check';

import { milliseconds } from '../../lib/session/duration';
import { anyCharacter } from '../support/text';

describe('milliseconds', () => {
  it.each([
    ['1W', 604_800_000],
    ['30D', 2_592_000_000],
    ['12H', 43_200_000],
    ['5M', 300_000],
    ['3600000', 3_600_000],
    ['0', 0],
    [3_600_000, 3_600_000],
    [0, 0],
  ])('converts %j to %d ms', (duration, expected) => {
    expect(milliseconds(duration)).toBe(expected);
  });

  it.each([
    ...[
      '',
      ' ',
      '1w',
      '1 W',
      '1W ',
      '-1D',
      '+1D',
      '1.5H',
      '1e9D',
      '0x10M',
      'Infinity',
      'W',
      '1W2D',
      '１W',
      '1S',
      '3651D',
    ],
    ...[NaN, Infinity, -1, 1.5, 2 ** 60],
    ...[null, undefined, true, {}, ['1W']].map((value) => value as string),
  ])('throws a RangeError that contains %j', (duration) => {
    expect(() => milliseconds(duration)).toThrow(RangeError);
    expect(() => milliseconds(duration)).toThrow(/is not a duration/);
  });

  it('multiplies every number up to ten years by its unit', () => {
    const units = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, '': 1 };
    fc.assert(
      fc.property(fc.nat(521), fc.constantFrom('W', 'D', 'H', 'M', '' as const), (count, unit) => {
        expect(milliseconds(`${count}${unit}`)).toBe(count * units[unit]);
      }),
    );
  });

  it('throws a RangeError for any other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        fc.pre(!/^[0-9]{1,12}[WDHM]?$/.test(text));
        expect(() => milliseconds(text)).toThrow(RangeError);
      }),
    );
  });
});
