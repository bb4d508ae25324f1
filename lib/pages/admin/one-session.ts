import type { RequestHandler } from 'express';

import { idParameter } from '../../http/id-parameter';
import { sessionOf } from '../../http/request';
import { displayName } from '../../session/i18n/messages';
import { visible } from '../../session/text';
import { baseOf, pageHandler } from '../page-handler';
import { html } from '../parts/html';
import { historyList } from '../parts/history';
import { adminDetails } from './admin-details';
import { administered, mayAlso, showBehindSearch, type AdminParts } from './admin-parts';

/** The number of entries of the user's history below a session. */
const RECENT = 20;

/** Shows all facts about the session of any user, with the latest entries of the user's history. */
export function showSession(parts: AdminParts): RequestHandler {
  const { manager, readerOf, dialect } = parts;
  return pageHandler(dialect, async (request, response) => {
    const session = await administered(manager, String(idParameter(request)), sessionOf(request));
    const reader = readerOf(request);
    const described = manager.describe(session);
    const mayEnd = await mayAlso(parts, 'sessions.end', request);
    const { entries } = await manager.administration.trail({ owner: session, limit: RECENT });
    const content = html`${adminDetails({ described, reader, base: baseOf(request), mayEnd })}
      <h2>${reader.texts.history.title}</h2>
      ${historyList(
        entries.map((entry) => manager.describeEntry(entry)),
        reader,
      )}`;
    const names = { title: displayName(described.device, reader.names), user: visible(session.userId) };
    const title = reader.filled(reader.texts.admin.detailsOf, names);
    await showBehindSearch(parts, { title, content }, request, response);
  });
}
