import type { Request } from 'express';

import { credentialsMatch } from '../../session/credentials';
import type { IdentitySession, StoredSession } from '../../session/session';

/** The secrets that were found among several, for handlers behind a guard. */
const found = new WeakMap<Request, { readonly sessionId: string; readonly secret: string }>();

/**
 * Returns the session's secret among the values of its cookie. If there are several values, another host has planted all but
 * one, and the hash of a stored session tells which one is right. Behind a guard, returns the value that the guard has found.
 */
export function provenSecret(
  request: Request,
  session: IdentitySession | StoredSession,
  values: readonly string[],
): string | undefined {
  const [first, ...others] = values;
  if (others.every((other) => other === first)) return first;
  const { sessionId } = session;
  const known = found.get(request);
  if (known?.sessionId === sessionId) return known.secret;
  if (!('secretHash' in session)) return undefined;
  const secret = values.find((value) => credentialsMatch({ sessionId, secret: value }, session));
  if (secret !== undefined) found.set(request, { sessionId, secret });
  return secret;
}
