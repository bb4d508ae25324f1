const UNITS = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, '': 1 } as const;

/** The maximum duration, ten years, in milliseconds. Longer durations are mistakes and would overflow calculations. */
export const LONGEST_DURATION = 3650 * UNITS.D;

const FORM = /^([0-9]{1,12})([WDHM]?)$/;

/**
 * A duration: a whole number of milliseconds, or text such as `1W`, `30D`, `12H`, `5M` (minutes) or `3600000`
 * (milliseconds).
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
      `${JSON.stringify(duration) ?? String(duration)} is not a duration: write whole milliseconds, or a number with W, D, H or M ` +
        '(minutes), such as "1W" or "30D", at most ten years',
    );
  }
  return length;
}

function parse(text: string): number {
  const [, digits, unit] = (typeof text === 'string' && FORM.exec(text)) || [];
  return digits === undefined ? NaN : Number(digits) * UNITS[unit as keyof typeof UNITS];
}
