import type { Response } from 'express';

import type { IdentitySessionManager, Opened } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import { sessionsOf } from '../session/revocation';

/**
 * Opens a session and calls `deliver`, which puts its credentials into the response. If they cannot reach the client, the
 * session is ended again, because its secret is lost.
 * @throws TypeError if the response has already started. If it started before the call, nothing has changed.
 * @throws Error if the client closed the connection
 */
export async function openSession<T>(
  manager: IdentitySessionManager,
  signIn: SignIn,
  response: Response,
  deliver: (opened: Opened) => T | Promise<T>,
): Promise<T> {
  checkResponse(response);
  const opened = await manager.open(signIn);
  const { session } = opened;
  try {
    checkResponse(response, ' The new session was ended again.');
    const delivered = await deliver(opened);
    checkResponse(response, ' The new session was ended again.');
    return delivered;
  } catch (error) {
    await manager.revoke(sessionsOf(session, [session.sessionId]));
    throw error;
  }
}

/**
 * Checks that credentials can still be set on the response.
 * @param consequence A sentence for the end of the error message, with a space before it.
 * @throws TypeError if the response has started
 * @throws Error if the client closed the connection
 */
export function checkResponse({ headersSent, destroyed }: Response, consequence = ''): void {
  if (headersSent) {
    throw new TypeError(
      `The response has already started, so it cannot carry the credentials: sign in before the first write.${consequence}`,
    );
  }
  if (destroyed) throw new Error(`The client closed the connection during the sign-in.${consequence}`);
}
