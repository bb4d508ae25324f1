import type { DescribedSession } from '../../session/described';
import { displayLocation, displayName } from '../../session/i18n/messages';
import { currentIpAddress } from '../../session/session';
import { visible } from '../../session/text';
import type { Reader } from '../messages/reader';
import { deviceKind } from './device-kind';
import { html, type Content, type Html } from './html';
import { icon } from './icon';
import { filledWith, timeOf } from './time';

/** A session for a list, with its title in this list. */
export interface TitledSession {
  readonly described: DescribedSession;
  /** The owner's name for the session, or the name of the device. Unique in its list, so that each button has its own name. */
  readonly title: string;
}

/** The parts of a page that a list of sessions depends on. */
export interface SessionListing {
  readonly reader: Reader;
  /** The path at which the page is mounted, without a slash at its end. */
  readonly base: string;
  /** The id of the session in which the page is shown. */
  readonly currentId: string;
}

/** The time after its last use in which a session counts as active, in milliseconds. */
const ACTIVE = 3 * 60_000;

/** Returns the sessions with titles. Equal titles get a number. */
export function titled(sessions: readonly DescribedSession[], reader: Reader): readonly TitledSession[] {
  const seen = new Map<string, number>();
  return sessions.map((described) => {
    const title = titleOf(described, reader);
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    return { described, title: count === 1 ? title : `${title} (${count})` };
  });
}

/** Returns the name that the owner gave to the session, or the name of its device. */
export function titleOf({ session, device }: DescribedSession, reader: Reader): string {
  return visible(session.name) ?? displayName(device, reader.names);
}

/** Returns an item of a list: icon, title and facts of a session, and a button of the form around the list that ends it. */
export function sessionCard({ described, title }: TitledSession, listing: SessionListing): Html {
  const { reader, base, currentId } = listing;
  const { session } = described;
  const { texts } = reader;
  const isCurrent = session.sessionId === currentId;
  const link = html`<a href="${base}/sessions/${session.sessionId}">${title}</a>`;
  return html`<li
    class="eis-session"
    id="eis-${session.sessionId}"
    data-title="${title}"
    data-effect="${effectName(described, isCurrent)}"
  >
    ${!isCurrent && sessionBox({ described, title }, reader)}
    ${sessionSummary(described, link, isCurrent, reader)}
    <button
      class="eis-button"
      name="id"
      value="${session.sessionId}"
      aria-label="${reader.filled(texts.session.signOutNamed, { title })}"
    >
      ${texts.session.signOut}
    </button>
  </li> `;
}

/** Returns an item of a list in which sessions can only be selected. */
export function selectableCard(titled: TitledSession, reader: Reader): Html {
  return html`<li class="eis-session">
    ${sessionBox(titled, reader)} ${sessionSummary(titled.described, titled.title, false, reader)}
  </li> `;
}

function sessionBox({ described: { session }, title }: TitledSession, reader: Reader): Html {
  const label = reader.filled(reader.texts.account.select, { title });
  return html`<input type="checkbox" name="selected" value="${session.sessionId}" aria-label="${label}" />`;
}

/** Returns the icon, the title and the facts of a session. */
function sessionSummary(
  described: DescribedSession,
  title: Content,
  isCurrent: boolean,
  reader: Reader,
): Html {
  const kind = deviceKind(described.device, described.session);
  return html`${icon(kind, reader.texts.session.kinds[kind])}
    <div>
      <h3><bdi>${title}</bdi> ${badges(described, isCurrent, reader)}</h3>
      ${facts(whereFacts(described, reader))} ${facts(whenFacts(described, isCurrent, reader))}
    </div>`;
}

/** The effect that ending a session has: the key of a message in `confirm`. */
export function effectName(
  { device }: DescribedSession,
  isCurrent: boolean,
): 'currentEffect' | 'browserEffect' | 'appEffect' {
  if (isCurrent) return 'currentEffect';
  return device.type === 'browser' ? 'browserEffect' : 'appEffect';
}

/** Returns the marks of the current session and of an impersonation. */
export function badges({ session }: DescribedSession, isCurrent: boolean, { texts }: Reader): Content {
  const badge = (text: string) => html`<span class="eis-badge">${text}</span> `;
  return [
    isCurrent && badge(texts.session.thisBrowser),
    session.actor !== null && badge(texts.session.impersonation),
  ];
}

function facts(items: readonly Content[]): Html {
  return html`<p>${items.map((item) => item !== false && item !== null && html`<span>${item}</span>`)}</p>`;
}

/** Returns the device, if the title does not show it, the place and the address. */
function whereFacts({ session, device, place }: DescribedSession, reader: Reader): readonly Content[] {
  return [
    session.name !== null && displayName(device, reader.names),
    displayLocation(place, reader.names) ?? false,
    currentIpAddress(session),
    visible(session.clientId),
  ];
}

function whenFacts({ session }: DescribedSession, isCurrent: boolean, reader: Reader): readonly Content[] {
  const { activeNow, signedIn } = reader.texts.session;
  const used = session.lastAccessed ?? session.signedIn;
  const isActive = isCurrent || reader.now - used < ACTIVE;
  return [
    isActive ? html`<b class="eis-active">${activeNow}</b>` : lastActive(used, reader),
    filledWith(signedIn, 'time', timeOf(session.signedIn, reader)),
  ];
}

function lastActive(used: number, reader: Reader): Html {
  return filledWith(reader.texts.session.lastActive, 'time', timeOf(used, reader));
}
