import type { Opened } from '../../lib';

/** The `Cookie` header of a browser with the session, in the REST protocol. */
export function cookieOf({ session, secret }: Opened): string {
  return `__Host-Http-identity=${session.sessionId}.${secret}`;
}

/** The `Authorization` header of other clients with the session, in the REST protocol. */
export function bearerOf({ session, secret }: Opened): string {
  return `Bearer eis_${session.sessionId}.${secret}`;
}
