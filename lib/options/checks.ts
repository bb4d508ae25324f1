import { LONGEST_DURATION, milliseconds, type Duration } from '../session/duration';
import type { Check } from './reader';

/** A check of values for which `accepts` returns true. The error message says that the value must be `expected`. */
export function valid<T>(accepts: (value: unknown) => boolean, expected: string): Check<T> {
  return (given) => {
    if (accepts(given)) return given as T;
    throw new TypeError(`it must be ${expected}`);
  };
}

/** Accepts every value. For values that are checked elsewhere, where more is known about them. */
export function unchecked<T>(): Check<T> {
  return (given) => given as T;
}

export const flag: Check<boolean> = valid((value) => typeof value === 'boolean', 'true or false');

export function oneOf<T extends string>(...words: readonly T[]): Check<T> {
  const expected = words.map((word) => JSON.stringify(word)).join(' or ');
  return valid((value) => words.includes(value as T), expected);
}

export function text(pattern: RegExp, expected: string): Check<string> {
  return valid((value) => isText(value) && pattern.test(value), expected);
}

/** The name of a schema. Knex cannot name one with a dot or a question mark, and PostgreSQL truncates longer names. */
export const schemaName: Check<string> = valid(
  (value) => isText(value) && /^[^.?\0]+$/.test(value) && Buffer.byteLength(value) <= 63,
  'the name of a schema: at most 63 bytes, without "." and "?"',
);

/** A whole number from `min` to `max`. */
export function count(min: number, max: number): Check<number> {
  return valid((value) => isCount(value, min, max), `a whole number from ${min} to ${max}`);
}

/** A whole number from 1 to `max`, or `Infinity` for no limit. */
export function limit(max: number): Check<number> {
  return valid(
    (value) => value === Infinity || isCount(value, 1, max),
    `a whole number from 1 to ${max}, or Infinity for no limit`,
  );
}

/** A duration from `min` to `max` milliseconds; returns milliseconds. */
export function duration(min: number, max = LONGEST_DURATION): Check<number> {
  const longest = max === LONGEST_DURATION ? '3650 days' : `${max} ms`;
  const check = valid<Duration>(
    (value) => isDuration(value, min, max),
    `a duration from ${min} ms to ${longest}: a number of milliseconds, or text such as "30D", "12h" or "1h 30m"`,
  );
  return (given) => milliseconds(check(given));
}

/** A list whose items `accepts` accepts. `items` names the items in the error message. */
export function listOf<T>(accepts: (value: unknown) => boolean, items: string): Check<readonly T[]> {
  return valid((value) => Array.isArray(value) && value.every(accepts), `a list of ${items}`);
}

export function func<T>(expected = 'a function'): Check<T> {
  return valid(isFunction, expected);
}

/** `false`, or a value that the check accepts. */
export function orFalse<T>(check: Check<T>): Check<T | false> {
  return (given) => (given === false ? false : check(given));
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

function isDuration(value: unknown, min: number, max: number): boolean {
  try {
    const length = milliseconds(value as Duration);
    return length >= min && length <= max;
  } catch {
    return false;
  }
}
