import {
  createIdentitySessionManager,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';

/** A manager as a test wants it: without a geo database, and in no hurry where a machine has much to do at once. */
export function managerOn(options: IdentitySessionOptions): IdentitySessionManager {
  return createIdentitySessionManager({ location: false, requestBudget: 30_000, ...options });
}
