import type { Transport } from '../credentials';
import { knownClient } from './clients';

/** The kind of every session in which somebody acts as its owner. */
export const IMPERSONATION = 'Impersonation';

/**
 * Returns the kind of device of a client, for rules about concurrent logins: `Mobile` for an app in the table of known clients,
 * and otherwise `Web` for a client with a cookie and `OAuth` for a client with a token. The kind does not depend on the user
 * agent, so that a user has only a few kinds.
 */
export function kindOfDevice(clientId: string | null, transport: Transport): string {
  const known = knownClient(clientId);
  if (known !== undefined && known.reads !== 'browser') return 'Mobile';
  return transport === 'cookie' ? 'Web' : 'OAuth';
}
