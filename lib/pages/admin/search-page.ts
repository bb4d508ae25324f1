import type { RequestHandler } from 'express';

import { withinTenant } from '../../http/administered-tenant';
import { sessionOf } from '../../http/request';
import type { SessionPage } from '../../manager/administration';
import { baseOf, homeOf, pageHandler } from '../page-handler';
import { confirmDialog } from '../parts/confirm-dialog';
import { html } from '../parts/html';
import { noticeOf } from '../parts/notice';
import { mayAlso, type AdminParts } from './admin-parts';
import { adminQuery, isFull, linkTo, searchOf, type AdminQuery } from './search-query';
import { adminTable } from './session-table';

/** Shows the search form and a page of the sessions that it finds. */
export function showSearch(parts: AdminParts): RequestHandler {
  const { manager, readerOf, dialect } = parts;
  return pageHandler(dialect, async (request, response) => {
    const current = sessionOf(request);
    const reader = readerOf(request);
    const query = adminQuery(request);
    const page = await manager.administration.search(withinTenant(searchOf(query), current));
    const table = adminTable({
      reader,
      base: baseOf(request),
      home: homeOf(request),
      query,
      sessions: page.sessions.map((session) => manager.describe(session)),
      currentId: current.sessionId,
      next: nextOf(page, query),
      showsTenants: current.tenantId === null,
      mayEnd: await mayAlso(parts, 'sessions.end', request),
    });
    const { admin } = reader.texts;
    const seesPolicy = current.tenantId === null && (await mayAlso(parts, 'policy.change', request));
    const content = html`${noticeOf(request, reader)}
    ${seesPolicy && html`<p><a href="${baseOf(request)}/policy">${admin.policy}</a></p>`} ${table}
    ${confirmDialog(reader)}`;
    await parts.show({ title: admin.title, content, width: 'wide' }, request, response);
  });
}

/** Returns the query of the next page, if there may be one. Only the order of sign-ins has positions. */
function nextOf({ next, sessions }: SessionPage, query: AdminQuery): string | undefined {
  if (next !== undefined) return linkTo(query, { after: next });
  const mayContinue = query.sort !== 'signedIn' && isFull(sessions.length);
  return mayContinue ? linkTo(query, { page: query.page + 1 }) : undefined;
}
