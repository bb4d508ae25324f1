import { LRUCache } from 'lru-cache';

/** A cache in memory that drops entries when it is full. */
export interface Cache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

/** Creates a cache that holds at most `max` entries. When it is full, it drops the least recently used entry. */
export function lru<V extends NonNullable<unknown>>(max: number): Cache<V> {
  return new LRUCache<string, V>({ max });
}
