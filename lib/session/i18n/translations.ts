import { languageRanges, lookup } from './language';
import { ENGLISH, type Messages } from './messages';

/** Some of the words of a language. What is absent is said as in the language's own parent (`de` for `de-AT`), or in English. */
export type Translation = Partial<Omit<Messages, 'language'>>;

/** Wordings by language, in lower case; the first serves those who read none of them. */
export type Translations = ReadonlyMap<string, Messages>;

const GERMAN: Translation = {
  on: '{program} auf {system}',
  unknownDevice: 'Unbekanntes Gerät',
  names: {
    'iOS Addressbook and Calendar': 'iOS Adressbuch und Kalender',
    'iOS Reminders': 'iOS Erinnerungen',
    'Mac OS Addressbook': 'Mac OS Adressbuch',
    'Mac OS Calendar': 'Mac OS Kalender',
    'Windows Contacts and Calendar': 'Windows Kontakte und Kalender',
    'Windows Phone Contacts and Calendar': 'Windows Phone Kontakte und Kalender',
  },
};

const OURS: ReadonlyMap<string, Translation> = new Map([
  ['en', ENGLISH],
  ['de', GERMAN],
]);

/** The key of the words that hold in every language. */
const ALL = '*';

/**
 * English and German, with what an app adds or says otherwise: `{ fr: { on: '{program} sur {system}' } }`. Under `*` it
 * says what holds in every language: `{ '*': { names: { 'OX App Suite': 'Example Mail' } } }`. All of them, or only some
 * languages in an order of the app's own.
 * @throws TypeError for what is no language, for a language without words, and for words that cannot be used
 */
export function translationsOf(
  own: Readonly<Record<string, Translation>> = {},
  languages?: readonly string[],
): Translations {
  const theirs = new Map(Object.entries(own).map(([tag, words]) => [key(tag), checked(tag, words)]));
  const known = new Set([...OURS.keys(), ...theirs.keys()]);
  known.delete(ALL);
  const chosen = languages?.map((tag) => chosenKey(tag, known)) ?? [...known];
  if (chosen.length === 0) throw new TypeError('there must be one language at least');
  return new Map(chosen.map((language) => [language, wordingOf(language, theirs)]));
}

const BUILT_IN = translationsOf();

/**
 * The wording for somebody who reads the languages of an `Accept-Language` header, or of a single language tag. A
 * language serves all its regions; the first of the catalogue serves those who read none of it.
 */
export function messagesFor(
  acceptLanguage: string | null | undefined,
  translations: Translations = BUILT_IN,
): Messages {
  const ranges = languageRanges(acceptLanguage ?? '');
  const refused = new Set(ranges.filter(({ quality }) => quality === 0).map(({ range }) => range));
  const wanted = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { range } of wanted) {
    const tags = range === '*' ? [...translations.keys()] : lookup(range);
    const tag = tags.find((each) => translations.has(each) && !refused.has(each));
    if (tag !== undefined) return translations.get(tag)!;
  }
  const [first = ENGLISH] = translations.values();
  return first;
}

function chosenKey(tag: string, known: ReadonlySet<string>): string {
  const language = key(tag);
  if (lookup(language).some((each) => known.has(each))) return language;
  throw new TypeError(`there is no translation for "${tag}": add one to \`translations\``);
}

function key(tag: string): string {
  if (tag === ALL) return tag;
  const [canonical] = PRIMARY.test(tag) ? canonicalLocales(tag) : [];
  if (canonical !== undefined) return canonical.toLowerCase();
  throw new TypeError(`"${tag}" is no language: write a tag such as "fr" or "pt-BR", or "*" for all of them`);
}

/** More letters are possible by the grammar, and are a name rather than a tag: `German`. */
const PRIMARY = /^[a-z]{2,3}(?:-|$)/i;

function canonicalLocales(tag: string): string[] {
  try {
    return Intl.getCanonicalLocales(tag);
  } catch {
    return [];
  }
}

function checked(tag: string, { names = {}, ...words }: Translation): Translation {
  for (const [word, text] of [...Object.entries(words), ...Object.entries(names)]) {
    if (text !== undefined && typeof text !== 'string') {
      throw new TypeError(`\`${word}\` of "${tag}" must be text`);
    }
  }
  if (words.on !== undefined && !(words.on.includes('{program}') && words.on.includes('{system}'))) {
    throw new TypeError(`\`on\` of "${tag}" must say where its words go: "{program} on {system}"`);
  }
  return { ...words, names };
}

function wordingOf(language: string, theirs: ReadonlyMap<string, Translation>): Messages {
  const general = lookup(language).reverse();
  const layers = [
    ...general.map((tag) => OURS.get(tag)),
    theirs.get(ALL),
    ...general.map((tag) => theirs.get(tag)),
  ];
  const [tag = language] = Intl.getCanonicalLocales(language);
  return Object.freeze(layers.reduce<Messages>(over, { ...ENGLISH, language: tag }));
}

function over(messages: Messages, words: Translation | undefined): Messages {
  return {
    language: messages.language,
    on: words?.on ?? messages.on,
    unknownDevice: words?.unknownDevice ?? messages.unknownDevice,
    intranet: words?.intranet ?? messages.intranet,
    names: { ...messages.names, ...words?.names },
  };
}
