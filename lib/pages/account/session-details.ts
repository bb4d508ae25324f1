import type { DescribedSession } from '../../session/described';
import { displayLocation, displayName } from '../../session/i18n/messages';
import { currentIpAddress } from '../../session/session';
import { visible } from '../../session/text';
import type { Reader } from '../messages/reader';
import { deviceKind } from '../parts/device-kind';
import { html, type Content, type Html } from '../parts/html';
import { icon } from '../parts/icon';
import { timeOf } from '../parts/time';

/** The longest name that the form accepts, in characters. */
export const LONGEST_NAME = 64;

export interface SessionDetails {
  readonly described: DescribedSession;
  readonly reader: Reader;
  readonly base: string;
  readonly home: string;
  readonly isCurrent: boolean;
  /** The sign-in method in the app's words, if the app knows it. */
  readonly method: string | undefined;
}

/** Returns all facts about a session, with forms that name and end it. */
export function sessionDetails(details: SessionDetails): Html {
  const { described, reader, base, home, isCurrent } = details;
  const { session } = described;
  const { texts } = reader;
  const kind = deviceKind(described);
  return html`<p><a href="${home}">← ${texts.session.back}</a></p>
    <section class="eis-card">
      <p class="eis-kind">
        ${icon(kind, texts.session.kinds[kind])}${isCurrent && html` <span class="eis-badge">${texts.session.thisBrowser}</span>`}${session.actor !== null && html` <span class="eis-badge">${texts.session.impersonation}</span>`}
      </p>
      ${factList(details)}
    </section>
    <form class="eis-card eis-fields" method="post" action="${base}/sessions/${session.sessionId}/name">
      <label for="eis-name">${texts.session.name}</label>
      <input
        id="eis-name"
        name="name"
        value="${session.name}"
        maxlength="${LONGEST_NAME}"
        autocomplete="off"
        aria-describedby="eis-name-hint"
      />
      <p class="eis-quiet" id="eis-name-hint">${texts.session.nameHint}</p>
      <button class="eis-button">${texts.session.saveName}</button>
    </form>
    <form class="eis-last" method="post" action="${base}/confirm">
      <button class="eis-button eis-danger" name="id" value="${session.sessionId}">
        ${texts.session.signOut}
      </button>
    </form>`;
}

function factList({ described, reader, method }: SessionDetails): Html {
  const { session, device, place, expires } = described;
  const { facts } = reader.texts.session;
  const known: readonly (readonly [string, Content])[] = [
    [facts.device, displayName(device, reader.names)],
    [facts.place, displayLocation(place, reader.names)],
    [facts.address, currentIpAddress(session)],
    [facts.addresses, earlierAddresses(session.ipAddresses)],
    [facts.client, visible(session.clientId)],
    [facts.method, method],
    [facts.actor, visible(session.actor)],
    [facts.signedIn, timeOf(session.signedIn, reader, 'exact')],
    [facts.lastActive, timeOf(session.lastAccessed ?? session.signedIn, reader, 'exact')],
    [facts.expires, Number.isFinite(expires) && timeOf(expires, reader, 'exact')],
    [facts.staysSignedIn, session.staySignedIn ? facts.yes : facts.no],
    [facts.userAgent, visible(session.userAgent) ?? facts.unknown],
  ];
  return html`<dl>
    ${known.map(
      ([name, value]) =>
        value &&
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function earlierAddresses(addresses: readonly string[]): string {
  return addresses.slice(0, -1).reverse().join(', ');
}
