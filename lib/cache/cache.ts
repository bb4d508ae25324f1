/** What `cached` reads before it asks the store behind it: a bounded map that forgets what was not used for longest. */
export interface SessionCache<V> {
  get(id: string): V | undefined;
  set(id: string, value: V): void;
  delete(id: string): void;
  clear(): void;
  readonly size: number;
}
