import type { SessionError } from '../errors';
import { filled } from '../errors';
import type { DescribedSession } from '../session/described';
import { displayLocation, displayName, displayRefusal, type Messages } from '../session/i18n/messages';
import { currentIpAddress } from '../session/session';
import { mapInSlices } from '../slices';
import { htmlText } from './html-text';
import { paragraph, standalonePage, textsFor } from './standalone-page';

interface Texts {
  readonly title: string;
  readonly advice: string;
  readonly lastUsed: string;
  readonly button: string;
}

const ENGLISH: Texts = {
  title: 'You are signed in on too many devices',
  advice: 'Mark the sessions that you want to end. You are then signed in here.',
  lastUsed: 'Last used: {time}',
  button: 'End the marked sessions and sign in',
};

const GERMAN: Texts = {
  title: 'Sie sind auf zu vielen Geräten angemeldet',
  advice: 'Markieren Sie die Sitzungen, die beendet werden sollen. Danach sind Sie hier angemeldet.',
  lastUsed: 'Zuletzt benutzt: {time}',
  button: 'Markierte Sitzungen beenden und anmelden',
};

/**
 * Returns the page on which a user chooses sessions to end.
 * @param error The refusal of the last choice, if it was not enough.
 */
export async function choicePage(
  sessions: readonly DescribedSession[],
  messages: Messages,
  error?: SessionError,
): Promise<string> {
  const texts = textsFor(messages, ENGLISH, GERMAN);
  const time = new Intl.DateTimeFormat([messages.language, 'en'], {
    dateStyle: 'medium',
    timeStyle: 'long',
    timeZone: 'UTC',
  });
  const items = await mapInSlices(sessions, ({ session, device, place }) => {
    const used = filled(texts.lastUsed, { time: time.format(session.lastAccessed ?? session.signedIn) });
    const where = displayLocation(place, messages) ?? currentIpAddress(session);
    const details = [where, used].filter((part) => part !== null).join(' · ');
    return `<li><label><input type="checkbox" name="ends" value="${session.sessionId}"> ${htmlText(displayName(device, messages))}<small>${htmlText(details)}</small></label></li>`;
  });
  const refusal =
    error === undefined ? '' : `<p role="alert">${htmlText(displayRefusal(error, messages))}</p>`;
  const form = `<form method="post"><ul>${items.join('')}</ul><button>${htmlText(texts.button)}</button></form>`;
  return standalonePage({
    language: messages.language,
    title: texts.title,
    body: refusal + paragraph(texts.advice) + form,
  });
}
