import type { Request, RequestHandler } from 'express';

import { sessionOf } from '../../http/request';
import { versionOf } from '../../http/session-stream';
import type { SessionPage } from '../../manager/administration';
import type { IdentitySession } from '../../session/session';
import { baseOf, pageHandler } from '../page-handler';
import { confirmDialog } from '../parts/confirm-dialog';
import { html, type Html } from '../parts/html';
import { noticeOf } from '../parts/notice';
import { sessionLists } from '../parts/session-list';
import { countOthers, type AccountParts } from './account-parts';
import { recentHistory } from './history-pages';

/** Shows the lists of the user's sessions, with the latest entries of the history below the first page. */
export function showSessions(parts: AccountParts): RequestHandler {
  const { manager, dialect, readerOf } = parts;
  return pageHandler(dialect, async (request, response) => {
    const reader = readerOf(request);
    const { after } = request.query;
    const isFirst = typeof after !== 'string';
    const page = await manager.list(sessionOf(request), isFirst ? {} : { after });
    const { title, introduction } = reader.texts.account;
    const content = html`${noticeOf(request, reader)}
      <p class="eis-quiet">${introduction}</p>
      ${await listsOf(parts, page, isFirst, request)} ${isFirst && (await recentHistory(parts, request))}
      ${confirmDialog(reader)}
      <p class="eis-unseen" id="eis-announcer" role="status"></p>`;
    await parts.show({ title, content }, request, response);
  });
}

/** Returns the lists of sessions on a page. The current session is on the first page, also if many others are newer. */
export async function listsOf(
  { manager, readerOf }: AccountParts,
  page: SessionPage,
  isFirst: boolean,
  request: Request,
): Promise<Html> {
  const current = sessionOf(request);
  const isCurrent = ({ sessionId }: IdentitySession) => sessionId === current.sessionId;
  const others = page.sessions.filter((session) => !isCurrent(session));
  const shown = isFirst ? [page.sessions.find(isCurrent) ?? current, ...others] : others;
  return sessionLists({
    reader: readerOf(request),
    base: baseOf(request),
    currentId: current.sessionId,
    sessions: shown.map((session) => manager.describe(session)),
    others: isFirst && page.next === undefined ? others.length : await countOthers(manager, current),
    isFirst,
    version: versionOf(page.sessions),
    next: page.next,
  });
}
