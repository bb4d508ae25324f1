import { statementsOf, type Statement } from '../../database/statement-runner';
import { BUCKETS, bucketIn } from '../../session/bucket';
import type { Tables } from './tables';

/** A range of buckets: from the first to the one before `end`. */
export interface BucketRange {
  readonly first: number;
  readonly end: number;
}

/** The buckets of the rows that a call concerns: one bucket, a list, or a range. */
export type Place = number | readonly number[] | BucketRange;

/** True if the rows of the table of sessions have buckets. */
export function hasBuckets({ partitions }: Tables): boolean {
  return partitions > 0;
}

/**
 * Returns the statements of a table as `statementsOf` does. On partitions they have no names, so that connections do not keep them
 * prepared: after some uses PostgreSQL would plan them for all partitions, which takes long and needs much memory, and would then
 * not use that plan.
 */
export function statementsOn<K extends string>(
  table: string,
  partitions: number,
  texts: Readonly<Record<K, string>>,
): Readonly<Record<K, Statement>> {
  if (partitions === 0) return statementsOf(table, texts);
  const unnamed = Object.entries<string>(texts).map(([key, text]) => [key, { name: '', text }]);
  return Object.fromEntries(unnamed) as Record<K, Statement>;
}

/** The condition, after others, that the session `s` is in the bucket of the parameter. Empty if rows have no buckets. */
export function inBucket(tables: Tables, parameter: string): string {
  return hasBuckets(tables) ? ` and s.bucket = ${parameter}::smallint` : '';
}

/** The condition, after others, that the session `s` is in one of the buckets of the parameter. Empty if rows have no buckets. */
export function inBuckets(tables: Tables, parameter: string): string {
  return hasBuckets(tables) ? ` and s.bucket = any(${parameter}::smallint[])` : '';
}

/** The condition, after others, that the session `s` is in a range of buckets, from a parameter to the one before another. */
export function inRange(first: string, end: string): string {
  return ` and s.bucket >= ${first}::smallint and s.bucket < ${end}::smallint`;
}

/** Returns the last parameters of a statement, which name its buckets. Returns none if rows have no buckets. */
export function placeValues(partitions: number, place: Place | undefined): unknown[] {
  if (partitions === 0 || place === undefined) return [];
  if (typeof place === 'number') return [place];
  return 'first' in place ? [place.first, place.end] : [`{${place.join()}}`];
}

/** Returns the buckets of each partition that the migrations created. */
export function partRanges(partitions: number): readonly BucketRange[] {
  const first = (part: number) => Math.ceil((part * BUCKETS) / partitions);
  return Array.from({ length: partitions }, (_, part) => ({ first: first(part), end: first(part + 1) }));
}

/** Returns the items by the partition of their session, so that one statement writes to one partition. */
export function byPartition<T>(items: readonly T[], partitions: number, idOf: (item: T) => string): T[][] {
  const parts = new Map<number, T[]>();
  for (const item of items) {
    const part = Math.floor((bucketIn(idOf(item)) * partitions) / BUCKETS);
    const others = parts.get(part);
    if (others === undefined) parts.set(part, [item]);
    else others.push(item);
  }
  return [...parts.values()];
}
