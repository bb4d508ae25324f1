import type { Opened } from '../../lib';

/** What the client of a session sends on the REST wire: a browser this cookie, */
export function cookieOf({ session, secret }: Opened): string {
  return `__Host-identity=${session.sessionId}.${secret}`;
}

/** others this `Authorization`. */
export function bearerOf({ session, secret }: Opened): string {
  return `Bearer eis_${session.sessionId}.${secret}`;
}
