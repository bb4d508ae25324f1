import { hash } from 'node:crypto';

import type { Owner } from './session';

/** The number of buckets. Twelve bits of every session id name the bucket of the session's owner. */
export const BUCKETS = 4096;

/**
 * Returns the bucket of a user, from 0 to 4095: the first twelve bits of the SHA-256 of tenant and user. It is not a secret. The
 * function `identity_session_bucket` of the partitioned layout returns the same. A missing tenant counts as ''.
 */
export function ownerBucket({ tenantId, userId }: Owner): number {
  return Number.parseInt(hash('sha256', `${tenantId ?? ''}\x1f${userId}`, 'hex').slice(0, 3), 16);
}

/** The hexadecimal digits of a session id that contain the bucket. They follow the digit of the UUID's version. */
const [FIRST, END] = [13, 16];

/** Returns the bucket that a session id names. */
export function bucketIn(sessionId: string): number {
  return Number.parseInt(sessionId.slice(FIRST, END), 16);
}

/** Returns the session id with the bucket of the owner. */
export function withBucket(sessionId: string, owner: Owner): string {
  return sessionId.slice(0, FIRST) + ownerBucket(owner).toString(16).padStart(3, '0') + sessionId.slice(END);
}
