import { createHmac, randomBytes } from 'node:crypto';

import { withBucket } from './bucket';
import type { Owner } from './session';

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

/**
 * Returns a session id that is derived from a value: a UUID of version 8 (RFC 9562), from which the value cannot be computed. Equal
 * values get equal ids. It names the bucket of the owner.
 * @param purpose As in `keyedHash`.
 */
export function keyedId(key: Key, purpose: string, value: string, owner: Owner): string {
  const digits = keyedHash(key, purpose, value);
  return withBucket(`${digits.slice(0, 12)}8${digits.slice(13, 16)}8${digits.slice(17, 32)}`, owner);
}
