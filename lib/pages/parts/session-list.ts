import type { DescribedSession } from '../../session/described';
import { html, type Html } from './html';
import { iconDrawings } from './icon';
import { sessionCard, titled, type SessionListing, type TitledSession } from './session-card';

/** The time without use after which a session is listed separately, in milliseconds. */
const UNUSED = 90 * 86_400_000;

/** A page of an owner's sessions. */
export interface OwnSessionsPage extends SessionListing {
  /** The sessions of this page, newest first. */
  readonly sessions: readonly DescribedSession[];
  /** The number of all sessions except the current one. */
  readonly others: number;
  /** True on the first page, which shows the current session. */
  readonly isFirst: boolean;
  /** Changes when the sessions of the page change. */
  readonly version: string;
  /** The position of the next page, if there is one. */
  readonly next: string | undefined;
}

/**
 * Returns the lists of a user's sessions: the current one, the others, and those that were not used for 90 days. They are in
 * one form, whose buttons end one, several or all others. The script keeps the element with the id `eis-live` current.
 */
export function sessionLists(page: OwnSessionsPage): Html {
  const { sessions, currentId, reader, base } = page;
  const all = titled(sessions, reader);
  const isCurrent = ({ described }: TitledSession) => described.session.sessionId === currentId;
  const isUnused = ({ described: { session } }: TitledSession) =>
    reader.now - (session.lastAccessed ?? session.signedIn) > UNUSED;
  const others = all.filter((each) => !isCurrent(each));
  const { account, confirm } = reader.texts;
  return html`<form
      id="eis-live"
      method="post"
      action="${base}/confirm"
      data-end="${base}/end"
      ${page.isFirst && html`data-events="${base}/events"`}
      data-version="${page.version}"
      data-count="${page.others}"
      data-texts="${JSON.stringify({ ...confirm, appeared: account.appeared, disappeared: account.disappeared })}"
    >
      ${page.isFirst && section('current', account.currentSession, list(all.filter(isCurrent), page))}
      ${otherSessions(
        others.filter((each) => !isUnused(each)),
        page,
      )}
      ${unusedSessions(others.filter(isUnused), page)}
    </form>
    ${pager(page)}${iconDrawings()}`;
}

function otherSessions(sessions: readonly TitledSession[], page: OwnSessionsPage): Html {
  const { account } = page.reader.texts;
  const content =
    sessions.length === 0
      ? page.others === 0 && html`<p class="eis-card eis-empty">${account.noOtherSessions}</p>`
      : list(sessions, page);
  return section('others', account.otherSessions, html`${page.others > 0 && toolbar(page)}${content}`);
}

function unusedSessions(sessions: readonly TitledSession[], page: OwnSessionsPage): Html | false {
  if (sessions.length === 0) return false;
  const { unused, unusedAdvice } = page.reader.texts.account;
  return section(
    'unused',
    unused,
    html`<p class="eis-quiet">${unusedAdvice}</p>
      ${list(sessions, page)}`,
  );
}

function toolbar({ others, reader, sessions, isFirst }: OwnSessionsPage): Html {
  const { account } = reader.texts;
  const boxes = isFirst ? sessions.length - 1 : sessions.length;
  return html`<div class="eis-toolbar">
    ${boxes > 1 && html`<label class="eis-scripted"><input type="checkbox" data-all /> ${account.selectAll}</label>`}
    ${others > 1 && html`<button class="eis-button" name="which" value="selected">${account.signOutSelected}</button>`}
    <button class="eis-button eis-danger" name="which" value="others">
      ${reader.plural(account.signOutOthers, others)}
    </button>
  </div>`;
}

function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="eis-h-${id}" id="eis-${id}">
    <h2 id="eis-h-${id}" tabindex="-1">${title}</h2>
    ${content}
  </section> `;
}

function list(sessions: readonly TitledSession[], listing: SessionListing): Html {
  return html`<ul class="eis-card eis-list" role="list">
    ${sessions.map((session) => sessionCard(session, listing))}
  </ul>`;
}

function pager({ base, isFirst, next, reader }: OwnSessionsPage): Html | false {
  const { newestSessions, olderSessions } = reader.texts.account;
  if (isFirst && next === undefined) return false;
  return html`<nav class="eis-pager">
    ${!isFirst && html`<a href="${base}">${newestSessions}</a>`}
    ${next !== undefined && html`<a href="${base}?after=${next}">${olderSessions}</a>`}
  </nav>`;
}
