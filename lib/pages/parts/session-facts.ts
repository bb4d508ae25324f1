import type { DescribedSession } from '../../session/described';
import { displayLocation, displayName } from '../../session/i18n/messages';
import { currentIpAddress } from '../../session/session';
import { visible } from '../../session/text';
import type { Reader } from '../messages/reader';
import { html, type Content, type Html } from './html';
import { timeOf } from './time';

/** A fact with its name. Empty facts are left out. */
export type Fact = readonly [name: string, value: Content];

/** Returns the facts about a session as a list. */
export function sessionFacts(described: DescribedSession, reader: Reader, more: readonly Fact[] = []): Html {
  const { session, device, place, expires } = described;
  const { facts } = reader.texts.session;
  const known: readonly Fact[] = [
    [facts.device, displayName(device, reader.names)],
    [facts.place, displayLocation(place, reader.names)],
    [facts.address, currentIpAddress(session)],
    [facts.addresses, session.ipAddresses.slice(0, -1).reverse().join(', ')],
    [facts.client, visible(session.clientId)],
    [facts.actor, visible(session.actor)],
    [facts.signedIn, timeOf(session.signedIn, reader, 'exact')],
    [facts.lastActive, timeOf(session.lastAccessed ?? session.signedIn, reader, 'exact')],
    [facts.expires, session.endedAt === null && Number.isFinite(expires) && timeOf(expires, reader, 'exact')],
    [facts.staysSignedIn, session.staySignedIn ? facts.yes : facts.no],
    [facts.deviceBound, session.boundAt !== null && timeOf(session.boundAt, reader, 'exact')],
    [facts.userAgent, visible(session.userAgent) ?? facts.unknown],
  ];
  return factList([...known, ...more]);
}

/** Returns facts as a list. */
export function factList(facts: readonly Fact[]): Html {
  return html`<dl>
    ${facts.map(
      ([name, value]) =>
        value &&
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}
