import type { Keys } from '../session/keyed-hash';

/** The property under which a manager of any copy of this package has its keys. It is not part of the manager's interface. */
const KEYS = Symbol.for('express-identity-sessions.keys');

export function setInstallationKeys(manager: object, keys: Keys): void {
  Object.defineProperty(manager, KEYS, { value: keys });
}

/** Returns the secret keys that all nodes of a manager's installation share. */
export function installationKeysOf(manager: object): Keys {
  return (manager as { readonly [KEYS]: Keys })[KEYS];
}
