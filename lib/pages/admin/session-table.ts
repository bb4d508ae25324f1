import type { DescribedSession } from '../../session/described';
import { displayLocation, displayName } from '../../session/i18n/messages';
import { currentIpAddress, sameOwner, type IdentitySession } from '../../session/session';
import { visible } from '../../session/text';
import { SEARCH_STATES } from '../../store/store';
import type { Reader } from '../messages/reader';
import { deviceKind } from '../parts/device-kind';
import { html, type Content, type Html } from '../parts/html';
import { icon, iconDrawings } from '../parts/icon';
import { filledWith, timeOf } from '../parts/time';
import { linkTo, SORTS, type AdminQuery } from './search-query';

/** A page of sessions as administrators see it. */
export interface AdminTable {
  readonly reader: Reader;
  readonly base: string;
  readonly home: string;
  readonly query: AdminQuery;
  readonly sessions: readonly DescribedSession[];
  /** The id of the administrator's own session. */
  readonly currentId: string;
  /** The query of the next page, if there may be one. */
  readonly next: string | undefined;
  /** True if administrators of all tenants see the page. */
  readonly showsTenants: boolean;
  /** True if the reader may end sessions. */
  readonly mayEnd: boolean;
}

/** Returns the search form and the table of the sessions that it found. */
export function adminTable(table: AdminTable): Html {
  const { reader, base, home, query, sessions, next, mayEnd } = table;
  const { admin } = reader.texts;
  const owner = query.user === '' ? undefined : onlyOwner(sessions);
  return html`${searchForm(table)}
    <form
      id="eis-live"
      method="post"
      action="${base}/confirm"
      data-end="${base}/end"
      data-texts="${JSON.stringify({ several: admin.confirmSelected, severalEffect: admin.effect })}"
    >
      ${
        mayEnd &&
        sessions.length > 0 &&
        html`<div class="eis-toolbar">
          ${sessions.length > 1 && html`<label class="eis-scripted"><input type="checkbox" data-all /> ${reader.texts.account.selectAll}</label>`}
          <button class="eis-button" name="which" value="selected">${admin.endSelected}</button>
          ${owner !== undefined && endAllButton(owner, reader)}
        </div>`
      }
      ${
        sessions.length === 0
          ? html`<p class="eis-card eis-empty">${admin.none}</p>`
          : html`<div class="eis-card eis-scroll" tabindex="0" role="region" aria-label="${admin.found}">
              <table class="eis-table">
                ${head(table)}
                <tbody>
                  ${sessions.map((session) => row(session, table))}
                </tbody>
              </table>
            </div>`
      }
    </form>
    <nav class="eis-pager">
      ${linkTo(query, { after: '', page: 0 }) !== linkTo(query, {}) && html`<a href="${home}${linkTo(query, { after: '', page: 0 })}">${admin.first}</a>`}
      ${next !== undefined && html`<a href="${home}${next}">${admin.next}</a>`}
    </nav>
    ${iconDrawings()}`;
}

/** Returns the owner of the sessions, if all have the same. Users of different tenants can have the same id. */
function onlyOwner([first, ...others]: readonly DescribedSession[]): IdentitySession | undefined {
  return others.every(({ session }) => sameOwner(session, first!.session)) ? first?.session : undefined;
}

function endAllButton({ userId, tenantId }: IdentitySession, reader: Reader): Html {
  const text = reader.filled(reader.texts.admin.endAllOf, { user: visible(userId) });
  return html`<input type="hidden" name="tenant" value="${tenantId}" />
    <button class="eis-button eis-danger" name="user" value="${userId}">${text}</button>`;
}

function searchForm({ reader, home, query, showsTenants }: AdminTable): Html {
  const { admin } = reader.texts;
  const field = (name: 'user' | 'tenant' | 'device' | 'client', label: string) =>
    html`<label>${label}<input name="${name}" value="${query[name]}" autocomplete="off" /></label>`;
  return html`<form class="eis-card eis-search" method="get" action="${home}" role="search">
    ${field('user', admin.user)} ${showsTenants && field('tenant', admin.tenant)}
    ${field('device', admin.device)} ${field('client', admin.client)}
    <label
      >${admin.state}<select name="state">
        ${SEARCH_STATES.map(
          (state) =>
            html`<option value="${state}" ${state === query.state && html`selected`}>
              ${admin.states[state]}
            </option>`,
        )}
      </select></label
    >
    <label
      >${admin.sort}<select name="sort">
        ${SORTS.map(
          (sort) =>
            html`<option value="${sort}" ${sort === query.sort && html`selected`}>
              ${admin.sorts[sort]}
            </option>`,
        )}
      </select></label
    >
    <button class="eis-button eis-primary">${admin.search}</button>
  </form>`;
}

/** Returns the time and the reason of the end, if the session has ended. */
function endOf({ endedAt, endReason }: IdentitySession, reader: Reader): Html | false {
  if (endedAt === null) return false;
  const { admin, reasons } = reader.texts;
  return html`<br /><small
      >${filledWith(admin.endedAt, 'time', timeOf(endedAt, reader))}${endReason && `: ${reasons[endReason]}`}</small
    >`;
}

function hasTenants({ sessions }: Pick<AdminTable, 'sessions'>): boolean {
  return sessions.some(({ session }) => session.tenantId !== null);
}

function head({ reader, mayEnd, ...table }: AdminTable): Html {
  const { admin, session } = reader.texts;
  const columns = [
    admin.user,
    hasTenants(table) && admin.tenant,
    session.facts.device,
    session.facts.address,
    admin.client,
    session.facts.lastActive,
    session.facts.signedIn,
  ];
  return html`<thead>
    <tr>
      ${mayEnd && html`<td></td>`}
      ${columns.map((column) => column !== false && html`<th scope="col">${column}</th>`)}
    </tr>
  </thead>`;
}

function row(described: DescribedSession, table: AdminTable): Html {
  const { reader, base, currentId, mayEnd } = table;
  const { session, place } = described;
  const { texts } = reader;
  const kind = deviceKind(described.device, session);
  const names = { title: displayName(described.device, reader.names), user: visible(session.userId) };
  const cell = (content: Content) => html`<td>${content}</td>`;
  return html`<tr>
    ${mayEnd && cell(session.endedAt === null && html`<input type="checkbox" name="selected" value="${session.sessionId}" aria-label="${reader.filled(texts.admin.select, names)}" />`)}
    <th scope="row">
      ${names.user}${session.sessionId === currentId && html` <span class="eis-badge">${texts.admin.own}</span>`}
    </th>
    ${hasTenants(table) && cell(visible(session.tenantId))}
    <td>
      <a
        class="eis-device"
        href="${base}/sessions/${session.sessionId}"
        aria-label="${reader.filled(texts.admin.detailsOf, names)}"
        >${icon(kind, texts.session.kinds[kind])}<span>${names.title}</span></a
      >
    </td>
    ${cell([currentIpAddress(session), place && html`<br /><small>${displayLocation(place, reader.names)}</small>`])}
    ${cell(visible(session.clientId))}
    ${cell([timeOf(session.lastAccessed ?? session.signedIn, reader), endOf(session, reader)])}
    ${cell(timeOf(session.signedIn, reader))}
  </tr>`;
}
