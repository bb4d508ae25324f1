import type { RequestHandler } from 'express';

import type { IdentitySessionManager } from '../manager/manager';
import type { DescribedEntry } from '../session/described';
import { displayLocation, type Messages } from '../session/i18n/messages';
import { messagesFor } from '../session/i18n/translations';
import type { IdentitySession } from '../session/session';
import { visible } from '../session/text';
import { instant } from './dialect';
import { asyncHandler, dialectOf, sessionOf, type VerbOptions } from './request';
import { deviceBody, pageOf, PRIVATE } from './rest';

/**
 * Responds with a page of the caller's trail as JSON, newest entry first: sign-ins, ends with reason and actor, failed attempts,
 * and refused requests. Refusals have the form of the dialect.
 *
 * Mount it behind the guard: `app.get('/sessions/trail', guard, sessionTrail(manager))`. `restRouter` includes it.
 * @throws TypeError if the manager is missing, an option is invalid, or, for a request, no guard is mounted before it
 */
export function sessionTrail(manager: IdentitySessionManager, options: VerbOptions = {}): RequestHandler {
  const dialect = dialectOf('sessionTrail', manager, options);

  return asyncHandler(dialect, async function sessionTrail(request) {
    const current = sessionOf(request, 'sessionTrail');
    const { entries, next } = await manager.trail(current, pageOf(request));
    const messages = messagesFor(request.headers['accept-language'], manager.settings.translations);
    const bodies = entries.map((entry) => entryBody(manager.describeEntry(entry), current, messages));
    const body = { entries: bodies, ...(next !== undefined && { next }) };
    return { status: 200, headers: PRIVATE, cookies: [], body };
  });
}

function entryBody(
  { entry, device, place }: DescribedEntry,
  current: IdentitySession,
  messages: Messages,
): object {
  const { id, at, event, sessionId, reason, actor, clientId, ipAddress, before, after, count } = entry;
  const location = displayLocation(place, messages);
  return {
    id,
    at: instant(at),
    event,
    ...(sessionId !== null && { sessionId, current: sessionId === current.sessionId }),
    ...(reason !== null && { reason }),
    ...(actor !== null && { actor: visible(actor) }),
    ...(clientId !== null && { client: visible(clientId) }),
    ...(ipAddress !== null && { ipAddress }),
    ...(before !== null && { before: visible(before) }),
    ...(after !== null && { after: visible(after) }),
    ...(location !== undefined && { location }),
    ...(device !== undefined && { device: deviceBody(device, messages) }),
    count,
  };
}
