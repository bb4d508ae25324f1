import type { IdentitySession } from './session';
import { lastUsed } from './lifetimes';

/** The fields by which sessions can be sorted. Sessions with equal values are sorted by id. */
export const SORT_KEYS = ['signedIn', 'lastAccessed', 'device', 'deviceInfo'] as const;

/** The order of a list of sessions. */
export interface SearchOrder {
  readonly by: (typeof SORT_KEYS)[number];
  readonly descending: boolean;
}

type Comparator = (one: IdentitySession, other: IdentitySession) => number;

/** Returns a function that compares two sessions, for lists that no database sorts. */
export function inOrder({ by, descending }: SearchOrder): Comparator {
  const valueOf = (session: IdentitySession) =>
    by === 'lastAccessed' ? lastUsed(session) : (session[by] ?? '');
  const compare: Comparator = (one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    if (a === b) return one.sessionId < other.sessionId ? -1 : Number(one.sessionId > other.sessionId);
    return a < b ? -1 : 1;
  };
  return descending ? (one, other) => compare(other, one) : compare;
}
