import type { SessionError } from '../errors';
import { filled } from '../errors';
import type { DescribedSession } from '../session/described';
import { displayLocation, displayName, displayRefusal, type Messages } from '../session/i18n/messages';
import { htmlText } from './html-text';
import { paragraph, standalonePage, textsFor } from './standalone-page';

interface Texts {
  readonly question: string;
  readonly about: string;
  readonly device: string;
  readonly place: string;
  readonly time: string;
  readonly advice: string;
  readonly button: string;
  readonly done: string;
  readonly ended: string;
  readonly failed: string;
}

const ENGLISH: Texts = {
  question: 'Was this you?',
  about: 'Somebody signed in to your account.',
  device: 'Device: {value}',
  place: 'Place: {value}',
  time: 'Time: {value}',
  advice: 'If it was you, close this page. If it was not you, press the button. The session then ends.',
  button: 'This wasn’t me',
  done: 'Thank you',
  ended: 'The session has ended. If you have not been asked for a new password yet, change it now.',
  failed: 'That did not work',
};

const GERMAN: Texts = {
  question: 'Waren Sie das?',
  about: 'Jemand hat sich bei Ihrem Konto angemeldet.',
  device: 'Gerät: {value}',
  place: 'Ort: {value}',
  time: 'Zeit: {value}',
  advice:
    'Wenn Sie das waren, schließen Sie diese Seite. Wenn Sie es nicht waren, drücken Sie die Taste. Die Sitzung wird dann beendet.',
  button: 'Das war ich nicht',
  done: 'Vielen Dank',
  ended:
    'Die Sitzung wurde beendet. Wenn Sie noch nicht nach einem neuen Passwort gefragt wurden, ändern Sie es jetzt.',
  failed: 'Das hat nicht funktioniert',
};

/** Returns the page that shows what a link is about, with a button. `described` is undefined if the session was deleted. */
export function askingPage(described: DescribedSession | undefined, messages: Messages): string {
  const texts = textsFor(messages, ENGLISH, GERMAN);
  const facts = described === undefined ? '' : `<ul>${factsOf(described, messages).join('')}</ul>`;
  const button = `<form method="post"><button>${htmlText(texts.button)}</button></form>`;
  const body = paragraph(texts.about) + facts + paragraph(texts.advice) + button;
  return standalonePage({ language: messages.language, title: texts.question, body });
}

/** Returns the page after the session was ended. */
export function endedPage(messages: Messages): string {
  const { done, ended } = textsFor(messages, ENGLISH, GERMAN);
  return standalonePage({ language: messages.language, title: done, body: paragraph(ended) });
}

/** Returns the page for a link that cannot be used now. */
export function refusedPage(error: SessionError, messages: Messages): string {
  const { failed } = textsFor(messages, ENGLISH, GERMAN);
  const body = paragraph(displayRefusal(error, messages));
  return standalonePage({ language: messages.language, title: failed, body });
}

function factsOf({ session, device, place }: DescribedSession, messages: Messages): string[] {
  const texts = textsFor(messages, ENGLISH, GERMAN);
  const format = new Intl.DateTimeFormat([messages.language, 'en'], {
    dateStyle: 'long',
    timeStyle: 'long',
    timeZone: 'UTC',
  });
  const facts: readonly (readonly [string, string | undefined])[] = [
    [texts.device, displayName(device, messages)],
    [texts.place, displayLocation(place, messages)],
    [texts.time, format.format(session.signedIn)],
  ];
  return facts.flatMap(([pattern, value]) =>
    value === undefined ? [] : [`<li>${htmlText(filled(pattern, { value }))}</li>`],
  );
}
