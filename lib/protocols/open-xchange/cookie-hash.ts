import { createHash } from 'node:crypto';

import { lru } from '../../lru';
import { detached } from '../../session/text';

/** The parts of a request that are hashed. */
export interface HashedRequest {
  readonly userAgent: string;
  readonly client: string | null;
  /**
   * Further values. For the public-session cookie, context and user come first. The values of the headers in
   * `cookieHashFields` follow. Headers that the request does not contain are skipped.
   */
  readonly values: readonly string[];
}

/** The number of cached hashes. Requests repeat the same few user agents. */
const MOST_CACHED = 10_000;

/** The longest text whose hash is cached, in characters. Clients choose the text, so longer texts could fill the memory. */
const LONGEST_CACHED = 1000;

/**
 * Creates the hash function for cookie names. The hash separates the cookies of clients that share a cookie jar. It is not a
 * security measure. It is the MD5 of user agent, client, further values and salt, in Base64, without the characters that a
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
