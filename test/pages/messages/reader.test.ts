import { memory } from '../../../lib';
import type { PageMessages } from '../../../lib/pages';
import { ENGLISH_PAGES } from '../../../lib/pages/messages/english';
import { GERMAN_PAGES } from '../../../lib/pages/messages/german';
import { LANGUAGE_OPTIONS, readersOf, type LanguageOptions } from '../../../lib/pages/messages/reader';
import { readOptions } from '../../../lib/options/reader';
import { settingsOf } from '../../../lib/options/settings';
import type { IdentitySessionOptions } from '../../../lib';
import { FakeClock } from '../../support/clock';
import { DAY, HOUR } from '../../support/sessions';

const clock = new FakeClock();
const FRENCH: PageMessages = {
  ...ENGLISH_PAGES,
  account: { ...ENGLISH_PAGES.account, title: 'Vos sessions' },
};

function reader(
  acceptLanguage?: string,
  options: LanguageOptions = {},
  said: Partial<IdentitySessionOptions> = {},
) {
  const checked = readOptions(options, LANGUAGE_OPTIONS, { heading: 'The page cannot be built' });
  const readerOf = readersOf(settingsOf({ store: memory(), clock, ...said }), checked);
  return readerOf({ headers: { 'accept-language': acceptLanguage } });
}

/** Every text of a language by its path, such as `account.title`. */
function textsOf(messages: object, path = ''): [string, string][] {
  return Object.entries(messages).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'string' ? [[`${path}${name}`, value]] : textsOf(value as object, `${path}${name}.`),
  );
}

describe('the language of a page', () => {
  it.each([
    [undefined, 'en'],
    ['de-CH, en;q=0.5', 'de'],
    ['fr', 'en'],
    ['fr, de;q=0.8', 'de'],
    ['*', 'en'],
    ['nonsense; q=2', 'en'],
  ])('for Accept-Language %s is %s', (header, language) => {
    expect(reader(header).language).toBe(language);
  });

  it('is one that the app adds, if the reader prefers it', () => {
    const french = reader('fr-CA, en;q=0.5', { languages: { fr: FRENCH } });
    expect(french.language).toBe('fr');
    expect(french.texts.account.title).toBe('Vos sessions');
  });

  it('is always the one of the option `language`', () => {
    expect(reader('en', { language: 'de' }).texts).toBe(GERMAN_PAGES);
  });

  it('is one of the languages that the manager offers', () => {
    expect(reader('en', {}, { languages: ['de'] }).language).toBe('de');
  });

  it.each([
    [{ language: 'fr' }, /`language` is "fr": it must be "en" or "de"/],
    [{ languages: { German: FRENCH } }, /"German" is not a language tag/],
  ])('is refused when the pages are built, case %#', (options, problem) => {
    expect(() => reader('en', options)).toThrow(problem);
  });
});

describe('a reader', () => {
  it.each([
    [0, 'just now', 'gerade eben'],
    [-44_000, 'just now', 'gerade eben'],
    [-60_000, '1 minute ago', 'vor 1 Minute'],
    [-HOUR + 1000, '1 hour ago', 'vor 1 Stunde'],
    [-23 * HOUR, '23 hours ago', 'vor 23 Stunden'],
    [-DAY, 'yesterday', 'gestern'],
    [-100 * DAY, '3 months ago', 'vor 3 Monaten'],
    [-800 * DAY, '2 years ago', 'vor 2 Jahren'],
    [2 * DAY, 'in 2 days', 'übermorgen'],
  ])('shows the time %i ms from now as %s or %s', (offset, english, german) => {
    expect(reader('en').relative(clock.now() + offset)).toBe(english);
    expect(reader('de').relative(clock.now() + offset)).toBe(german);
  });

  it('chooses the form of a message by the number', () => {
    const { texts } = reader('en');
    expect(reader('en').plural(texts.account.signOutOthers, 1)).toBe('Sign out 1 other session');
    expect(reader('de').plural(GERMAN_PAGES.account.signOutOthers, 1234)).toBe(
      'Alle 1.234 anderen Sitzungen abmelden',
    );
  });

  it('shows exact times with their time zone, because the server does not know that of the reader', () => {
    expect(reader('en').exact(Date.UTC(2026, 0, 2, 13, 4))).toBe('Jan 2, 2026, 1:04 PM UTC');
  });
});

describe('the German texts', () => {
  const english = textsOf(ENGLISH_PAGES);

  it('have the same placeholders as the English ones', () => {
    const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
    const german = new Map(textsOf(GERMAN_PAGES));
    const differing = english.filter(
      ([path, text]) => `${placeholders(text).join()}` !== placeholders(german.get(path)!).join(),
    );
    expect(differing).toEqual([]);
  });

  it('differ from the English ones, except for words that are the same', () => {
    const german = new Map(textsOf(GERMAN_PAGES));
    const same = english.filter(([path, text]) => text !== '' && german.get(path) === text);
    expect(same.map(([path]) => path)).toEqual([
      'direction',
      'session.kinds.computer',
      'session.kinds.tablet',
      'session.kinds.app',
      'admin.detailsOf',
      'admin.facts.node',
    ]);
  });
});
