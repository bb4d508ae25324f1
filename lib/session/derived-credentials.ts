import type { Owner } from './session';
import { keyedHash, type Key } from './keyed-hash';

/**
 * Returns the id and the secret of the session that an old session of another system is moved to. Parallel requests get the same.
 * They cannot be computed without the key, and the old session cannot be told from them. The id is a UUID of version 8 (RFC 9562).
 */
export function derivedCredentials(
  key: Key,
  old: string,
  { tenantId, userId }: Owner,
): { readonly sessionId: string; readonly secret: string } {
  const seed = JSON.stringify([old, tenantId ?? null, userId]);
  const digits = keyedHash(key, 'adopted session', seed);
  const sessionId = `${digits.slice(0, 12)}8${digits.slice(13, 16)}8${digits.slice(17, 32)}`;
  const secret = Buffer.from(keyedHash(key, 'adopted secret', seed), 'hex').toString('base64url');
  return { sessionId, secret };
}
