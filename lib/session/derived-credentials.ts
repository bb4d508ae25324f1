import type { Owner } from './session';
import { keyedHash, keyedId, type Key } from './keyed-hash';

/**
 * Returns the id and the secret of the session that an old session of another system is moved to. Parallel requests get the same.
 * They cannot be computed without the key, and the old session cannot be told from them.
 */
export function derivedCredentials(
  key: Key,
  old: string,
  owner: Owner,
): { readonly sessionId: string; readonly secret: string } {
  const { tenantId, userId } = owner;
  const seed = JSON.stringify([old, tenantId ?? null, userId]);
  const sessionId = keyedId(key, 'adopted session', seed, owner);
  const secret = Buffer.from(keyedHash(key, 'adopted secret', seed), 'hex').toString('base64url');
  return { sessionId, secret };
}
