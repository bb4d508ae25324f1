const UNITS = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, '': 1 } as const;

/** Ten years. Anything longer is a mistake, and would overflow what is computed with it. */
export const LONGEST_DURATION = 3650 * UNITS.D;

const GRAMMAR = /^([0-9]{1,12})([WDHM]?)$/;

/**
 * A length of time: a whole number of milliseconds, or text such as `1W`, `30D`, `12H`, `5M` (minutes, as in
 * Open-Xchange) or `3600000` (milliseconds).
 */
export type Duration = number | string;

/**
 * The duration in milliseconds.
 * @throws RangeError for anything that is not exactly of the form, with the value in its message
 */
export function milliseconds(duration: Duration): number {
  const length = typeof duration === 'number' ? duration : parse(duration);
  if (!Number.isSafeInteger(length) || length < 0 || length > LONGEST_DURATION) {
    throw new RangeError(
      `${JSON.stringify(duration) ?? String(duration)} is no duration: give whole milliseconds, or a number with W, D, H or M ` +
        '(minutes), such as "1W" or "30D", ten years at most',
    );
  }
  return length;
}

function parse(text: string): number {
  const [, digits, unit] = (typeof text === 'string' && GRAMMAR.exec(text)) || [];
  return digits === undefined ? NaN : Number(digits) * UNITS[unit as keyof typeof UNITS];
}
