import type { Request } from 'express';

import { invalidRequest } from '../../errors';
import { parsedSessionId } from '../../session/credentials';

/** An id as ABP shows it: `0198c1a2-0000-7000-8000-00000000000a`. */
export function guid(sessionId: string): string {
  return sessionId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * The session that the path names, with dashes or without.
 * @throws SessionError `invalid-request`
 */
export function namedSession(request: Request): string {
  const id: unknown = request.params['id'];
  const plain = typeof id === 'string' && GUID.test(id) ? parsedSessionId(id) : undefined;
  if (plain === undefined) throw invalidRequest('id', '"id" must be a GUID.');
  return plain;
}

const GUID = /^(?:[\da-f]{32}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i;
