import type { Request } from 'express';

import { restDialect } from '../http/request';
import type { IdentitySessionManager } from '../manager/manager';
import type { SignIn } from '../manager/new-session';
import type { IdentitySession } from '../session/session';
import { cookieHeader } from './cookie-header';

/** An HTTP client that sends a header with all its later requests, such as `request.agent(app)` of supertest. */
export interface TestAgent {
  /** Sets a header for all later requests. */
  readonly set: (name: string, value: string) => unknown;
}

/**
 * Opens a session and lets the agent send its cookie with all later requests, without a request to the app's sign-in route:
 * `await signInAs(request.agent(app), manager, 'alice')`. The cookie is sent over plain HTTP too, also with the default
 * `cookies.secure: true`.
 * @param user The id of the user, or any facts of a sign-in, for example `{ userId: 'alice', tenantId: 'acme', data: {} }`.
 * @returns the session, for example to end it: `await manager.revoke({ owner: session })`
 * @throws SessionError as `manager.open` does
 */
export async function signInAs(
  agent: TestAgent,
  manager: IdentitySessionManager,
  user: string | SignIn,
): Promise<IdentitySession> {
  const { session, secret } = await manager.open(typeof user === 'string' ? { userId: user } : user);
  const opened = { described: manager.describe(session), secret, transport: 'cookie' } as const;
  const { cookies } = restDialect(manager).opened(opened, { headers: {} } as Request);
  agent.set('Cookie', cookieHeader({ headers: { 'set-cookie': cookies } }));
  return session;
}
