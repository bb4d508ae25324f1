import type { DescribedEntry } from '../../session/described';
import type { EndReason } from '../../session/end-reason';
import { displayLocation, displayName } from '../../session/i18n/messages';
import type { SignalType } from '../../session/signal';
import { visible } from '../../session/text';
import type { RefusedReason, TrailEntry } from '../../session/trail-entry';
import type { Reader } from '../messages/reader';
import { deviceKind } from './device-kind';
import { html, type Content, type Html } from './html';
import { icon } from './icon';
import { timeOf } from './time';

/**
 * Returns the entries of a trail as a list, newest first. Failed and refused attempts are marked.
 * @param level The level of the entries' headings: 2 if no heading is above them except that of the page.
 */
export function historyList(entries: readonly DescribedEntry[], reader: Reader, level: 2 | 3 = 3): Html {
  if (entries.length === 0) return html`<p class="eis-card eis-empty">${reader.texts.history.none}</p>`;
  return html`<ol class="eis-card eis-list eis-history" role="list">
    ${entries.map((entry) => historyItem(entry, reader, level))}
  </ol>`;
}

function historyItem(described: DescribedEntry, reader: Reader, level: 2 | 3): Html {
  const { entry, device, place } = described;
  const { texts } = reader;
  const kind = device === undefined ? 'unknown' : deviceKind(device, entry);
  const facts: readonly Content[] = [
    device && displayName(device, reader.names),
    displayLocation(place, reader.names),
    entry.ipAddress,
    beforeText(entry, reader),
    visible(entry.clientId),
    entry.actor !== null && reader.filled(texts.history.actor, { actor: visible(entry.actor) }),
  ];
  return html`<li class="eis-session">
    ${icon(kind, texts.session.kinds[kind])}
    <div>
      <h3 aria-level="${level}" ${isAlarming(entry) && html`class="eis-alarming"`}>
        ${eventText(entry, reader)}
      </h3>
      <p>${facts.map((fact) => fact && html`<span>${fact}</span>`)}</p>
    </div>
    <p>${timeOf(entry.at, reader)}</p>
  </li>`;
}

/** Returns true for an entry of which its owner should know that somebody else may have caused it. */
function isAlarming({ event, reason }: TrailEntry): boolean {
  if (event === 'signal') return !EXPECTED.includes(reason as SignalType);
  return event === 'sign-in-failed' || event === 'refused';
}

/** Signals that honest users cause every day: on the way to work, and with a device that was signed out from another one. */
const EXPECTED: readonly SignalType[] = ['address-changed', 'ended-secret-used'];

/** Returns the address or the country before a change. The names of browsers are too long; that of the sign-in has its own entry. */
function beforeText({ reason, before: value }: TrailEntry, reader: Reader): string | undefined {
  if (value === null || reason === 'user-agent-changed') return undefined;
  const before = reason === 'country-changed' ? displayLocation({ country: value }, reader.names) : value;
  return before && reader.filled(reader.texts.history.before, { before });
}

function eventText({ event, reason, count }: TrailEntry, reader: Reader): string {
  const { reasons, history } = reader.texts;
  switch (event) {
    case 'ended':
      return reasons[reason as EndReason];
    case 'sign-in-failed':
      return reader.plural(history.failed, count);
    case 'refused':
      return reader.plural(history[REFUSED[reason as RefusedReason]], count);
    case 'signal':
      return reader.plural(history.signals[reason as SignalType], count);
    default:
      return history[event];
  }
}

/** The text of each reason of a refusal. */
const REFUSED = {
  'wrong-secret': 'wrongSecret',
  'ip-changed': 'otherAddress',
  'binding-required': 'otherDevice',
  'secret-reused': 'copiedSecret',
} as const satisfies Record<RefusedReason, string>;
