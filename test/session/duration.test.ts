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
    ['8h', 28_800_000],
    ['60m', 3_600_000],
    ['5m', 300_000],
    ['45s', 45_000],
    ['1S', 1000],
    ['500ms', 500],
    ['500MS', 500],
    ['1w', 604_800_000],
    ['1W2D', 777_600_000],
    ['1h 30m', 5_400_000],
    ['5D 12H', 475_200_000],
    ['2D 1h 12ms', 176_400_012],
    ['1m1ms1s', 61_001],
    [3_600_000, 3_600_000],
    [0, 0],
  ])('converts %j to %d ms', (duration, expected) => {
    expect(milliseconds(duration)).toBe(expected);
  });

  it.each([
    ...[
      '',
      ' ',
      '1 W',
      '1W ',
      '-1D',
      '+1D',
      '1.5H',
      '1e9D',
      '0x10M',
      'Infinity',
      'W',
      '１W',
      '1ſ',
      '1Y',
      '30 minutes',
      '30min',
      '1h 30',
      '30 1h',
      '1h,30m',
      ' 1h',
      'ms',
      '3651D',
      '3650D 1ms',
    ],
    ...[NaN, Infinity, -1, 1.5, 2 ** 60],
    ...[null, undefined, true, {}, ['1W']].map((value) => value as string),
  ])('throws a RangeError that contains %j', (duration) => {
    expect(() => milliseconds(duration)).toThrow(RangeError);
    expect(() => milliseconds(duration)).toThrow(/is not a duration/);
  });

  it('multiplies every number up to ten years by its unit', () => {
    const units = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, S: 1000, MS: 1, '': 1 };
    const unit = fc.constantFrom('W', 'D', 'H', 'M', 'S', 'MS', '' as const);
    fc.assert(
      fc.property(fc.nat(521), unit, (count, unit) => {
        expect(milliseconds(`${count}${unit}`)).toBe(count * units[unit]);
        expect(milliseconds(`${count}${unit.toLowerCase()}`)).toBe(count * units[unit]);
      }),
    );
  });

  it('adds numbers with units, with and without spaces between them', () => {
    const part = fc.tuple(fc.nat(100), fc.constantFrom('W', 'd', 'h', 'M', 's', 'ms'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const texts = parts.map(([count, unit]) => `${count}${unit}`);
        const sum = texts.map(milliseconds).reduce((total, each) => total + each, 0);
        for (const separator of ['', ' ', '  ']) expect(milliseconds(texts.join(separator))).toBe(sum);
      }),
    );
  });

  it('rejects long text in linear time', () => {
    const started = performance.now();
    for (const text of ['1h'.repeat(100_000) + '!', `1h${' '.repeat(100_000)}!`, '1'.repeat(100_000)]) {
      expect(() => milliseconds(text)).toThrow(RangeError);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('throws a RangeError for any other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        fc.pre(!/^[0-9]{1,12}(ms|[wdhms])?( *[0-9]{1,12}(ms|[wdhms]))*$/i.test(text));
        expect(() => milliseconds(text)).toThrow(RangeError);
      }),
    );
  });
});
