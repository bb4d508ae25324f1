import type { CachedSession } from './cached-session';

/** The uses of a session that are recorded and not written, merged into one. */
export interface UnwrittenUses {
  /** The time of the last of them, in milliseconds since 1970. */
  at: number;
  ipAddresses: readonly string[];
  node: string | null;
  hits: number;
  /** When the first of them was recorded, in monotonic time. */
  since: number;
  /** When they become due, in monotonic time. */
  dueAt: number;
  due: boolean;
  /** True while further uses can be added. False while these are being written, and afterwards. */
  open: boolean;
  /** The cache entry that contains them. */
  entry: CachedSession | undefined;
}
