import {
  createIdentitySessionManager,
  type IdentitySessionManager,
  type IdentitySessionOptions,
} from '../../lib';

/** A manager as a test wants it: without a geo database, and ended by the test. */
export function managerOn(options: IdentitySessionOptions): IdentitySessionManager {
  return createIdentitySessionManager({ location: false, ...options });
}
