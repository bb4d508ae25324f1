import { afterPendingIo } from './clock';

/** The number of items whose processing takes some milliseconds, if each is described for people or turned into JSON. */
const SLICE = 25;

/**
 * Calls `work` for slices of a list, one after the other. Other requests run between two slices, so that a long list of one
 * user does not make all others wait.
 */
export async function inSlices<T>(
  items: readonly T[],
  work: (slice: readonly T[]) => void,
  size = SLICE,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    if (start > 0) await new Promise<void>((resolve) => afterPendingIo(resolve));
    work(items.slice(start, start + size));
  }
}

/** Maps a list as `Array.map` does, in slices. */
export async function mapInSlices<T, R>(items: readonly T[], map: (item: T) => R): Promise<R[]> {
  const mapped: R[] = [];
  await inSlices(items, (slice) => void mapped.push(...slice.map(map)));
  return mapped;
}
