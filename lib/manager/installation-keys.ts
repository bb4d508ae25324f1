import type { Keys } from '../session/keyed-hash';
import { managerPart } from './manager-part';

/** Sets and returns the secret keys that all nodes of a manager's installation share. */
export const [setInstallationKeys, installationKeysOf] = managerPart<Keys>('keys');
