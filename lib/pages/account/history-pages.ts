import type { Request, RequestHandler } from 'express';

import { sessionOf } from '../../http/request';
import type { IdentitySessionManager } from '../../manager/manager';
import type { DescribedEntry } from '../../session/described';
import type { TrailEntry } from '../../session/trail-entry';
import { baseOf, pageHandler } from '../page-handler';
import { html, type Html } from '../parts/html';
import { historyList } from '../parts/history';
import { iconDrawings } from '../parts/icon';
import { backOf, type AccountParts } from './account-parts';

/** The number of entries of the history below the sessions. */
const RECENT = 8;

/** Returns the latest entries of the user's history, with a link to all of them. */
export async function recentHistory({ manager, readerOf }: AccountParts, request: Request): Promise<Html> {
  const { entries, next } = await manager.trail(sessionOf(request), { limit: RECENT });
  const reader = readerOf(request);
  const { history } = reader.texts;
  return html`<section aria-labelledby="eis-h-history">
    <h2 id="eis-h-history">${history.title}</h2>
    ${historyList(describedEntries(entries, manager), reader)}
    ${next !== undefined && html`<p><a href="${baseOf(request)}/history">${history.whole}</a></p>`}
  </section>`;
}

/** Shows a page of the user's history. */
export function showHistory({ manager, dialect, readerOf, show }: AccountParts): RequestHandler {
  return pageHandler(dialect, async (request, response) => {
    const reader = readerOf(request);
    const { history } = reader.texts;
    const { after } = request.query;
    const path = `${baseOf(request)}/history`;
    const page = await manager.trail(sessionOf(request), typeof after === 'string' ? { after } : {});
    const content = html`${historyList(describedEntries(page.entries, manager), reader, 2)}
      <nav class="eis-pager">
        ${after !== undefined && html`<a href="${path}">${history.newest}</a>`}
        ${page.next !== undefined && html`<a href="${path}?after=${page.next}">${history.older}</a>`}
      </nav>
      ${iconDrawings()}`;
    await show({ title: history.title, content, back: backOf(request, reader) }, request, response);
  });
}

function describedEntries(
  entries: readonly TrailEntry[],
  manager: IdentitySessionManager,
): readonly DescribedEntry[] {
  return entries.map((entry) => manager.describeEntry(entry));
}
