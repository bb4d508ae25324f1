/** A median with what it is worth: half of all values lie between the quartiles, `error` is its standard error. */
export interface Summary {
  readonly median: number;
  readonly quartiles: readonly [number, number];
  readonly error: number;
}

export function summary(values: readonly number[]): Summary {
  const lower = percentile(values, 25);
  const upper = percentile(values, 75);
  // Of a median, from the quartiles, so that the few blocks that a neighbour spoilt do not count.
  const error = (0.93 * (upper - lower)) / Math.sqrt(values.length);
  return { median: percentile(values, 50), quartiles: [lower, upper], error };
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** The ones divided by the others, pair by pair. */
export function ratios(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, index) => value / other[index]!);
}

/** What the one summary is of the other, when they were not taken in pairs. */
export function quotient(one: Summary, other: Summary): { median: number; error: number } {
  const median = one.median / other.median;
  return { median, error: median * Math.hypot(one.error / one.median, other.error / other.median) };
}

/** In random order, so that nobody always follows the same neighbour. */
export function shuffled<T>(values: readonly T[]): T[] {
  const drawn = values.map((value) => ({ value, lot: Math.random() }));
  return drawn.sort((one, other) => one.lot - other.lot).map(({ value }) => value);
}
