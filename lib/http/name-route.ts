import type { RequestHandler } from 'express';

import { invalidRequest, plainRefusal } from '../errors';
import type { IdentitySessionManager } from '../manager/manager';
import { PRIVATE } from './rest';
import { asyncHandler, dialectOf, sessionOf, type VerbOptions } from './request';
import { idParameter } from './id-parameter';

/**
 * Gives one of the caller's sessions a name, such as "Kitchen tablet", or removes it. The path names the session as `:id`, and the
 * body is `{ "name": "…" }`, with null to remove the name.
 *
 * Mount it behind the guard and a parser: `app.patch('/sessions/:id', guard, express.json(), nameRoute(manager))`. `restRouter`
 * includes it.
 *
 * Responds with 204. Refuses requests with `cross-site`, `session-not-found`, `invalid-request` or `store-unavailable`.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it or the path
 * has no `:id`
 */
export function nameRoute(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('nameRoute', manager, options);

  return asyncHandler(dialect, async function nameRoute(request) {
    const current = sessionOf(request, 'nameRoute');
    const id = idParameter(request);
    const name = nameIn(request.body);
    const { sessionId } = id === current.sessionId ? current : await manager.get(current, String(id));
    if (!(await manager.update(sessionId, { name }))) throw plainRefusal('session-not-found');
    return { status: 204, headers: PRIVATE, cookies: [] };
  });
}

/**
 * The manager checks the text.
 * @throws SessionError `invalid-request` if the body names no name, or anything else
 */
function nameIn(body: unknown): string | null {
  const { name, ...others }: { readonly name?: unknown } =
    typeof body === 'object' && body !== null ? body : {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalidRequest(unknown, 'Only the name of a session can be changed.');
  if (name === null) return null;
  if (typeof name !== 'string') throw invalidRequest('name', '"{name}" must be text, or null.');
  return name.trim() || null;
}
