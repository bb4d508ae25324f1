import { createHash } from 'node:crypto';

import { lru } from '../../lru';
import { detached } from '../../session/text';

/** The parts of a request that are hashed. */
export interface HashedRequest {
  readonly userAgent: string;
  readonly client: string | null;
  /**
   * Further values. For the public-session cookie, context and user come first. The values of the headers in
   * `cookieHashFields` follow, as far as the request contains them.
   */
  readonly values: readonly string[];
}

/** The number of cached hashes. Requests repeat the same few user agents. */
const MOST_CACHED = 10_000;

/** The longest text in characters whose hash is cached. Longer texts could fill the memory, because anyone can send them. */
const LONGEST_CACHED = 1000;

/**
 * Creates the hash function for cookie names. The hash keeps the cookies of two clients apart that share a cookie jar; it is
 * no protection. It is the MD5 of user agent, client, further values and salt, in Base64, without the characters that a
 * cookie name cannot contain.
 * @param salt Must be the same on all nodes.
 */
export function cookieHasher(salt: string): (request: HashedRequest) => string {
  const cache = lru<string>(MOST_CACHED);
  return ({ userAgent, client, values }) => {
    const hashed = userAgent + (client ?? '') + values.join('') + salt;
    if (hashed.length > LONGEST_CACHED) return hashOf(hashed);
    let hash = cache.get(hashed);
    if (hash === undefined) {
      hash = hashOf(hashed);
      cache.set(detached(hashed), hash);
    }
    return hash;
  };
}

function hashOf(hashed: string): string {
  return createHash('md5').update(hashed).digest('base64').replace(/\W/g, '');
}
