import type { IdentitySession } from './session';
import { lastUsed } from './lifetimes';

/**
 * The fields by which sessions can be sorted. `ipAddresses` sorts by the text of all addresses, oldest first. A missing value
 * comes first.
 */
export const SORT_KEYS = [
  'signedIn',
  'lastAccessed',
  'device',
  'deviceInfo',
  'userId',
  'clientId',
  'ipAddresses',
] as const;

/** One sort key of a list of sessions, with its direction. */
export interface SortKey {
  readonly by: (typeof SORT_KEYS)[number];
  readonly descending: boolean;
}

/**
 * The order of a list of sessions: the first key decides, and each further key decides between sessions with equal values.
 * Sessions with equal values of all keys are sorted by id, in the direction of the last key.
 */
export type SearchOrder = readonly SortKey[];

/** The order with the newest sign-in first. It is the only one in which pages can continue after a session. */
export const NEWEST_FIRST: SearchOrder = [{ by: 'signedIn', descending: true }];

type Comparator = (one: IdentitySession, other: IdentitySession) => number;

/** Returns a function that compares two sessions, for lists that no database sorts. */
export function inOrder(order: SearchOrder): Comparator {
  const keys = order.map(({ by, descending }) => ({ valueOf: VALUES[by], descending }));
  keys.push({ valueOf: ({ sessionId }) => sessionId, descending: order.at(-1)?.descending ?? false });
  return (one, other) => {
    for (const { valueOf, descending } of keys) {
      const [a, b] = [valueOf(one), valueOf(other)];
      if (a !== b) return a < b === descending ? 1 : -1;
    }
    return 0;
  };
}

const VALUES: Readonly<Record<SortKey['by'], (session: IdentitySession) => string | number>> = {
  signedIn: ({ signedIn }) => signedIn,
  lastAccessed: lastUsed,
  device: ({ device }) => device,
  deviceInfo: ({ deviceInfo }) => deviceInfo ?? '',
  userId: ({ userId }) => userId,
  clientId: ({ clientId }) => clientId ?? '',
  ipAddresses: ({ ipAddresses }) => ipAddresses.join(),
};
