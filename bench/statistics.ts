/** A median with its standard error, and the quartiles between which half of all values lie. */
export interface Summary {
  readonly median: number;
  readonly quartiles: readonly [number, number];
  readonly error: number;
}

export function summary(values: readonly number[]): Summary {
  const lower = percentile(values, 25);
  const upper = percentile(values, 75);
  // The error of a median, estimated from the quartiles, so that outliers do not count.
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

/** Divides the values of one list by those of the other, pair by pair. */
export function ratios(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, index) => value / other[index]!);
}

/** Divides two summaries whose values were not measured in pairs. */
export function quotient(one: Summary, other: Summary): { median: number; error: number } {
  const median = one.median / other.median;
  return { median, error: median * Math.hypot(one.error / one.median, other.error / other.median) };
}

/** Returns the values in random order, so that no variant always follows the same one. */
export function shuffled<T>(values: readonly T[]): T[] {
  const drawn = values.map((value) => ({ value, lot: Math.random() }));
  return drawn.sort((one, other) => one.lot - other.lot).map(({ value }) => value);
}

/** Returns the time of the work in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
