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

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** How often `one` goes into `other`, pair by pair. */
export function ratios(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, index) => value / other[index]!);
}
