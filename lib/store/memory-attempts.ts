import { lru } from '../lru';
import { KNOWN_ADDRESSES, waitAfter, type SignInAttempts } from './attempts';

interface Account {
  readonly failures: number;
  readonly waitUntil: number;
  /** Newest first. */
  readonly addresses: readonly string[];
}

const UNKNOWN: Account = { failures: 0, waitUntil: -Infinity, addresses: [] };

/** The largest number of accounts in memory. */
const MOST_ACCOUNTS = 10_000;

/** Counts failed sign-ins in the memory of this process, for managers without a database. */
export function memoryAttempts(): SignInAttempts {
  const accounts = lru<Account>(MOST_ACCOUNTS);
  const accountOf = (account: string) => accounts.get(account) ?? UNKNOWN;

  return {
    async begin({ account, address }, at) {
      const known = accountOf(account);
      if (address !== null && known.addresses.includes(address)) return 0;
      if (known.waitUntil > at) return known.waitUntil - at;
      const failures = known.failures + 1;
      accounts.set(account, { ...known, failures, waitUntil: at + waitAfter(failures) });
      return 0;
    },

    async succeed({ account, address }) {
      const others = accountOf(account).addresses.filter((each) => each !== address);
      const addresses = address === null ? others : [address, ...others].slice(0, KNOWN_ADDRESSES);
      accounts.set(account, { ...UNKNOWN, addresses });
    },

    async cancel({ account, address }) {
      const known = accountOf(account);
      if (known.failures === 0 || (address !== null && known.addresses.includes(address))) return;
      accounts.set(account, { ...known, failures: known.failures - 1, waitUntil: -Infinity });
    },

    // The cache drops the accounts that were not used for the longest time.
    prune: async () => 0,
  };
}
