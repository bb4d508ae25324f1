import { timingSafeEqual } from 'node:crypto';

import { keyedHash, type Key } from './keyed-hash';

/** The contents of a stamp. */
export interface Stamped {
  /** The use of the stamp. A stamp for one purpose is worthless for another. */
  readonly purpose: string;
  /** The subject, for example the id of a session. */
  readonly subject: string;
  /** The time from which the stamp is worthless, in milliseconds since 1970. */
  readonly expires: number;
}

/** The time in base 36, a dot, and the keyed hash. */
const STAMP = /^([0-9a-z]{1,11})\.([0-9a-f]{64})$/;

/**
 * Returns a text that every node of the installation recognizes later as its own, without storing it. Only letters, digits and dots,
 * so that it fits into cookies and headers.
 */
export function stampOf(key: Key, { purpose, subject, expires }: Stamped): string {
  return `${expires.toString(36)}.${keyedHash(key, purpose, `${expires}\0${subject}`)}`;
}

/**
 * Returns the time until which the stamp is valid, or undefined if it has expired or is not a stamp for this purpose and subject.
 * @param keys The current key and older ones.
 */
export function stampExpiry(
  keys: readonly Key[],
  stamp: string,
  { purpose, subject, now }: Omit<Stamped, 'expires'> & { readonly now: number },
): number | undefined {
  const [, time, digits] = STAMP.exec(stamp) ?? [];
  if (time === undefined || digits === undefined) return undefined;
  const expires = Number.parseInt(time, 36);
  if (expires <= now) return undefined;
  const given = Buffer.from(digits, 'latin1');
  const value = `${expires}\0${subject}`;
  const isOwn = (key: Key) => timingSafeEqual(given, Buffer.from(keyedHash(key, purpose, value), 'latin1'));
  return keys.some(isOwn) ? expires : undefined;
}
