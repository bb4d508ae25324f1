import type { Request } from 'express';

/**
 * Returns the path parameter `id`. It may be an empty string or, for wildcards of Express 5, a list.
 * @throws TypeError if the path of the route has no such parameter. A missing id must not select any sessions.
 */
export function idParameter(request: Request): unknown {
  const id: unknown = request.params['id'];
  if (id !== undefined) return id;
  throw new TypeError(
    "revokeRoute found no `:id` in its path: write `app.delete('/sessions/:id', guard, revokeRoute(manager))`, " +
      "or name the sessions that it ends, `app.delete('/sessions/others', guard, revokeRoute(manager, { which: 'others' }))`",
  );
}
