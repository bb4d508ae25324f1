import { LRUCache } from 'lru-cache';

import type { SessionCache } from './cached';

/** A cache in this process that holds the `max` entries that were used last. */
export function lru<V extends object>(max: number): SessionCache<V> {
  return new LRUCache<string, V>({ max });
}
