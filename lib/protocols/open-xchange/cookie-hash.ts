import { createHash } from 'node:crypto';

import { lru } from '../../lru';
import { detached } from '../../session/text';

/** What is hashed of a request. */
export interface HashedRequest {
  readonly userAgent: string;
  readonly client: string | null;
  /** What else is hashed: for the public-session cookie context and user, then the values of the further headers that came. */
  readonly values: readonly string[];
}

/** How many hashes are kept: requests come with the same few user agents again and again. */
const MOST_KNOWN = 10_000;

/** The longest text that is kept for its hash, in characters: anybody may send longer ones, each another, without end. */
const LONGEST_KNOWN = 1000;

/**
 * The hash in the names of a client's cookies, so that two clients with one cookie jar do not meet: the MD5 of user agent,
 * client, further values and salt (the same on all nodes) in Base64, without what a cookie's name cannot hold. It protects
 * nothing; it keeps cookies apart.
 */
export function cookieHasher(salt: string): (request: HashedRequest) => string {
  const known = lru<string>(MOST_KNOWN);
  return ({ userAgent, client, values }) => {
    const hashed = userAgent + (client ?? '') + values.join('') + salt;
    if (hashed.length > LONGEST_KNOWN) return hashOf(hashed);
    let hash = known.get(hashed);
    if (hash === undefined) {
      hash = hashOf(hashed);
      known.set(detached(hashed), hash);
    }
    return hash;
  };
}

function hashOf(hashed: string): string {
  return createHash('md5').update(hashed).digest('base64').replace(/\W/g, '');
}
