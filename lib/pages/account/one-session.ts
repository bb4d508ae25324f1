import type { RequestHandler } from 'express';

import { plainRefusal } from '../../errors';
import { sessionOf } from '../../http/request';
import { fieldValue } from '../form-fields';
import { baseOf, homeOf, pageHandler, seeOther } from '../page-handler';
import { titleOf } from '../parts/session-card';
import { backOf, idOf, type AccountParts } from './account-parts';
import { sessionDetails } from './session-details';

/** Shows all facts about one session of the user. */
export function showSession({
  manager,
  dialect,
  readerOf,
  show,
  signInMethodOf,
}: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const reader = readerOf(request);
    const id = idOf(request);
    const session = id === current.sessionId ? current : await manager.get(current, id);
    const described = manager.describe(session);
    const content = sessionDetails({
      described,
      reader,
      base: baseOf(request),
      isCurrent: session.sessionId === current.sessionId,
      method: signInMethodOf?.(session),
    });
    const title = titleOf(described, reader);
    await show({ title, content, back: backOf(request, reader) }, request, response);
  });
}

/** Gives the session the name in the form, or removes its name. */
export function nameSession({ manager, dialect }: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const { sessionId } = await manager.get(sessionOf(request), idOf(request));
    const name = fieldValue(request, 'name')?.trim() || null;
    if (!(await manager.update(sessionId, { name }))) throw plainRefusal('session-not-found');
    seeOther(response, homeOf(request), name === null ? 'name-removed' : 'named');
  });
}
