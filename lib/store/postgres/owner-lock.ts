import { createHash } from 'node:crypto';

import type { Owner } from '../../session/session';

/**
 * Returns the number of the owner's advisory lock. Sign-ins on several nodes wait for it, so all nodes must compute the same
 * number. The prefix separates it from an app's own locks.
 */
export function ownerLock({ tenantId, userId }: Owner): bigint {
  const name = JSON.stringify(['express-identity-sessions', tenantId ?? null, userId]);
  return createHash('sha256').update(name).digest().readBigInt64BE();
}
