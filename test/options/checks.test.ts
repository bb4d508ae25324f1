import {
  count,
  duration,
  flag,
  func,
  limit,
  listOf,
  oneOf,
  orFalse,
  text,
  unchecked,
  valid,
} from '../../lib/options/checks';
import type { Check } from '../../lib/options/reader';

const isNumber = (value: unknown) => typeof value === 'number';

/** Returns the values that the check accepts. */
function accepted(check: Check<unknown>, values: readonly unknown[]): unknown[] {
  return values.filter((value) => {
    try {
      check(value);
      return true;
    } catch {
      return false;
    }
  });
}

describe('the checks of options', () => {
  const messages: [string, Check<unknown>, wrong: unknown, expected: string][] = [
    ['flag', flag, 'false', 'true or false'],
    ['oneOf', oneOf('lax', 'strict'), 'none', '"lax" or "strict"'],
    ['text', text(/^[a-z]+$/, 'small letters'), 'ABC', 'small letters'],
    ['count', count(1, 9), 10, 'a whole number from 1 to 9'],
    ['limit', limit(9), 0, 'a whole number from 1 to 9, or Infinity for no limit'],
    ['duration', duration(1000, 5000), 5001, 'a duration from 1000 ms to 5000 ms: a number of milliseconds'],
    ['duration without a maximum', duration(1000), 1, 'a duration from 1000 ms to 3650 days'],
    ['listOf', listOf(isNumber, 'numbers'), [1, 'two'], 'a list of numbers'],
    ['func', func(), 'text', 'a function'],
    ['func with another text', func('a function of name and password'), 1, 'a function of name and password'],
    ['valid', valid(isNumber, 'a number'), 'seven', 'a number'],
  ];

  it.each(messages)('%s says what the value must be', (_, check, wrong, expected) => {
    expect(() => check(wrong)).toThrow(TypeError);
    expect(() => check(wrong)).toThrow(`it must be ${expected}`);
    expect(() => check(null)).toThrow(`it must be ${expected}`);
  });

  it('flag accepts booleans, and no values that only count as such', () => {
    expect(accepted(flag, [true, false, 0, 1, '', 'true', 'false', [], {}])).toEqual([true, false]);
  });

  it('count accepts whole numbers within its bounds', () => {
    expect(accepted(count(1, 9), [0, 1, 5, 9, 10, 1.5, NaN, Infinity, '5', -1])).toEqual([1, 5, 9]);
  });

  it('limit accepts whole numbers from 1 to its maximum, and Infinity', () => {
    expect(accepted(limit(9), [0, 1, 9, 10, 1.5, NaN, -Infinity, Infinity, '5'])).toEqual([1, 9, Infinity]);
  });

  it('duration accepts numbers and texts of a length within its bounds', () => {
    const values = [999, 1000, '1000', '5M', '1H', '1h', NaN, -5, {}, [], true];
    expect(accepted(duration(1000, 300_000), values)).toEqual([1000, '1000', '5M']);
  });

  it('duration returns milliseconds', () => {
    expect(duration(1)('5M')).toBe(300_000);
    expect(duration(1)(5)).toBe(5);
  });

  it('oneOf accepts only the exact words', () => {
    expect(accepted(oneOf('lax'), ['lax', 'Lax', 'lax ', ['lax']])).toEqual(['lax']);
  });

  it('text accepts only strings that match its pattern', () => {
    expect(accepted(text(/^\d+$/, 'digits'), ['12', 12, ['12']])).toEqual(['12']);
  });

  it('listOf accepts arrays of accepted items, and no other collections', () => {
    const values = [[], [1], 1, 'ab', new Set([1]), { length: 0 }, [1, null]];
    expect(accepted(listOf(isNumber, 'numbers'), values)).toEqual([[], [1]]);
  });

  it('orFalse accepts false in addition to the values of its check', () => {
    expect(accepted(orFalse(count(1, 9)), [false, 5, true, 0, null])).toEqual([false, 5]);
  });

  it('unchecked accepts every value', () => {
    expect(accepted(unchecked(), [undefined, null, 5])).toEqual([undefined, null, 5]);
  });
});
