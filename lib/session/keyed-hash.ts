import { createHmac, randomBytes } from 'node:crypto';

/**
 * A secret key of the installation. All nodes have the same one. Values that are hashed with it cannot be guessed from a
 * copy of the table that holds the hashes.
 */
export type Key = string | Uint8Array;

/** Returns the current key, followed by older keys. */
export type Keys = () => readonly [Key, ...Key[]] | Promise<readonly [Key, ...Key[]]>;

/** Returns a new key with 256 random bits. */
export function mintKey(): Key {
  return randomBytes(32);
}

/**
 * Returns the HMAC-SHA256 of a value as 64 hexadecimal digits.
 * @param purpose The kind of value. Equal values of different kinds get different hashes.
 */
export function keyedHash(key: Key, purpose: string, value: string): string {
  return createHmac('sha256', key).update(`${purpose}\0${value}`).digest('hex');
}
