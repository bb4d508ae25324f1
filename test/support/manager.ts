import {
  createIdentitySessionManager,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';

/** A manager for tests: without a geo database, and with a long request budget, because the machine may be busy. */
export function managerOn(options: IdentitySessionOptions): IdentitySessionManager {
  return createIdentitySessionManager({ location: false, requestBudget: 30_000, ...options });
}
