import type { Request } from 'express';

import { invalidRequest } from '../../errors';
import { parsedSessionId } from '../../session/credentials';

/** Formats a session id as ABP shows it, for example `0198c1a2-0000-7000-8000-00000000000a`. */
export function guid(sessionId: string): string {
  return sessionId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * Returns the session id in the path parameter `id`, which may have dashes.
 * @throws SessionError `invalid-request` if it is not a GUID
 */
export function sessionIdParameter(request: Request): string {
  const id: unknown = request.params['id'];
  const sessionId = typeof id === 'string' && GUID.test(id) ? parsedSessionId(id) : undefined;
  if (sessionId === undefined) throw invalidRequest('id', '"{name}" must be a GUID.');
  return sessionId;
}

const GUID = /^(?:[\da-f]{32}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i;
