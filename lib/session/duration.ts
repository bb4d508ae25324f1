const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** The maximum duration, ten years, in milliseconds. Longer durations are mistakes and would overflow calculations. */
export const LONGEST_DURATION = 3650 * UNITS.d;

const MILLISECONDS = /^[0-9]{1,12}$/;

/** Numbers with units. Each number follows the previous unit, with or without spaces. */
const SUM = /^(?:[0-9]{1,12}(?:ms|[wdhms])(?: *(?=[0-9])|$))+$/i;

/**
 * A duration: a whole number of milliseconds, or text such as `1W`, `30D`, `12H`, `5M` (minutes), `45s`, `500ms` or
 * `3600000` (milliseconds). Numbers with units can be added, as in `1h 30m`. Capital and small letters mean the same.
 */
export type Duration = number | string;

/**
 * Returns the duration in milliseconds.
 * @throws RangeError if the value is not a duration, is negative, or is longer than ten years
 */
export function milliseconds(duration: Duration): number {
  const length = typeof duration === 'number' ? duration : parse(duration);
  if (!Number.isSafeInteger(length) || length < 0 || length > LONGEST_DURATION) {
    throw new RangeError(
      `${JSON.stringify(duration) ?? String(duration)} is not a duration: write whole milliseconds, or numbers with W, D, H, M ` +
        '(minutes), S or ms, such as "1W", "30D" or "1h 30m", at most ten years',
    );
  }
  return length;
}

function parse(text: string): number {
  if (typeof text !== 'string') return NaN;
  if (MILLISECONDS.test(text)) return Number(text);
  if (!SUM.test(text)) return NaN;
  const parts = text.toLowerCase().matchAll(/([0-9]+)(ms|[wdhms])/g);
  return [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
}
