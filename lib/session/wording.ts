import type { Device } from './device';
import type { Place } from './place';
import { shown } from './text';

/** The words in which sessions are shown, in one language. */
export interface Wording {
  /** As `Intl` writes it: `de`, `pt-BR`. */
  readonly language: string;
  /** A program on a system: `{program} on {system}`. */
  readonly on: string;
  /** What a device is called of which nothing is known. */
  readonly unknownDevice: string;
  /** The location of an address that belongs to no public network. */
  readonly intranet: string;
  /** What programs are called instead of their names, which are English: `OX App Suite` may be an app's own name. */
  readonly names: Readonly<Record<string, string>>;
}

/** Some of the words of a language. What is absent is said as in the language's own parent (`de` for `de-AT`), or in English. */
export type Words = Partial<Omit<Wording, 'language'>>;

/** Wordings by language, in lower case. */
export type Catalogue = ReadonlyMap<string, Wording>;

/** The wording that serves when nobody asks for another. */
export const ENGLISH: Wording = Object.freeze({
  language: 'en',
  on: '{program} on {system}',
  unknownDevice: 'Unknown device',
  intranet: 'Intranet',
  names: {},
});

const GERMAN: Words = {
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

const OURS: ReadonlyMap<string, Words> = new Map([
  ['en', ENGLISH],
  ['de', GERMAN],
]);

/**
 * English and German, with what an app adds or says otherwise: `{ fr: { on: '{program} sur {system}' } }`. Under `*` it
 * says what holds in every language: `{ '*': { names: { 'OX App Suite': 'Example Mail' } } }`.
 * @throws TypeError for what is no language, and for words that cannot be used
 */
export function catalogueOf(own: Readonly<Record<string, Words>> = {}): Catalogue {
  const theirs = new Map(Object.entries(own).map(([tag, words]) => [key(tag), checked(tag, words)]));
  const languages = new Set([...OURS.keys(), ...theirs.keys()]);
  languages.delete('*');
  return new Map([...languages].map((language) => [language, wordingOf(language, theirs)]));
}

const BUILT_IN = catalogueOf();

/**
 * The wording for somebody who reads the languages of an `Accept-Language` header, or of a single language tag. A
 * language serves all its regions; the fallback serves those who read none of the catalogue's.
 */
export function wordingFor(
  acceptLanguage: string | null | undefined,
  catalogue: Catalogue = BUILT_IN,
  fallback = 'en',
): Wording {
  const ranges = rangesOf(acceptLanguage ?? '');
  const refused = new Set(ranges.filter(({ quality }) => quality === 0).map(({ range }) => range));
  const last = lookup(fallback.toLowerCase());
  const wanted = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { range } of wanted) {
    const tags = range === '*' ? [...last, ...catalogue.keys()] : lookup(range);
    const tag = tags.find((each) => catalogue.has(each) && !refused.has(each));
    if (tag !== undefined) return catalogue.get(tag)!;
  }
  return last.map((tag) => catalogue.get(tag)).find(Boolean) ?? ENGLISH;
}

/** How long a display name can be, and a city's, in characters. */
const LONGEST_DISPLAY_NAME = 256;

/** What people call the device: `OX App Suite, Chrome 65 on Linux`. */
export function displayName({ name }: Pick<Device, 'name'>, wording: Wording = ENGLISH): string {
  const called = (text: string | undefined) => {
    const clean = text && shown(text, LONGEST_DISPLAY_NAME);
    return clean && Object.hasOwn(wording.names, clean) ? wording.names[clean] : clean;
  };
  const system = called(name.system);
  const program = called(name.program);
  const both = program && system ? filled(wording.on, { program, system }) : program || system;
  const protocols = called(name.protocols);
  const rest = both && protocols ? `${both} (${protocols})` : both;
  const whole = [called(name.product), rest].filter(Boolean).join(', ') || wording.unknownDevice;
  return whole.slice(0, LONGEST_DISPLAY_NAME).toWellFormed();
}

/** Where people read that the device is: `Berlin, Germany`, or `Intranet`, or undefined when nothing is known. */
export function displayLocation(place: Place | undefined, wording: Wording = ENGLISH): string | undefined {
  if (place === undefined) return undefined;
  if (place.intranet) return wording.intranet;
  return [cityName(place, wording), countryName(place, wording)].filter(Boolean).join(', ') || undefined;
}

function cityName({ city, cityNames }: Place, { language }: Wording): string | undefined {
  const names = cityNames ?? {};
  const tag = lookup(language).find((each) => Object.hasOwn(names, each));
  const name = tag === undefined ? city : names[tag];
  return typeof name === 'string' ? shown(name, LONGEST_DISPLAY_NAME).toWellFormed() : undefined;
}

/** Two letters, but not those that stand for an unknown country. */
const COUNTRY = /^(?!ZZ)[A-Z]{2}$/i;

function countryName({ country }: Place, { language }: Wording): string | undefined {
  if (typeof country !== 'string' || !COUNTRY.test(country)) return undefined;
  return countries(language).of(country.toUpperCase());
}

const countriesByLanguage = new Map<string, Intl.DisplayNames>();

/** The names of countries, in English where Node does not know them in the language. Making them takes its time. */
function countries(language: string): Intl.DisplayNames {
  let names = countriesByLanguage.get(language);
  if (names === undefined) {
    names = new Intl.DisplayNames([language, 'en'], { type: 'region', fallback: 'none' });
    countriesByLanguage.set(language, names);
  }
  return names;
}

function filled(template: string, words: { program: string; system: string }): string {
  return template.replace(/\{(program|system)\}/g, (_, word: keyof typeof words) => words[word]);
}

function key(tag: string): string {
  if (tag === '*') return tag;
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

function checked(tag: string, { names = {}, ...words }: Words): Words {
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

function wordingOf(language: string, theirs: ReadonlyMap<string, Words>): Wording {
  const general = lookup(language).reverse();
  const layers = [
    ...general.map((tag) => OURS.get(tag)),
    theirs.get('*'),
    ...general.map((tag) => theirs.get(tag)),
  ];
  const [tag = language] = Intl.getCanonicalLocales(language);
  return Object.freeze(layers.reduce<Wording>(over, { ...ENGLISH, language: tag }));
}

function over(wording: Wording, words: Words | undefined): Wording {
  return {
    language: wording.language,
    on: words?.on ?? wording.on,
    unknownDevice: words?.unknownDevice ?? wording.unknownDevice,
    intranet: words?.intranet ?? wording.intranet,
    names: { ...wording.names, ...words?.names },
  };
}

/** RFC 4647, "Lookup": `de-at`, then `de`. */
function lookup(tag: string): string[] {
  const parts = tag.split('-');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('-'));
}

/** How much of an `Accept-Language` header is read, in characters. */
const LONGEST_HEADER = 1000;

const RANGE = /^\s*([a-z]{1,8}(?:-[a-z\d]{1,8}){0,8}|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/;

/** RFC 9110: language ranges and how welcome they are; what is none is passed over. */
function rangesOf(acceptLanguage: string): { range: string; quality: number }[] {
  const items = acceptLanguage.slice(0, LONGEST_HEADER).toLowerCase().split(',');
  return items.flatMap((item) => {
    const [, range, quality = '1'] = RANGE.exec(item) ?? [];
    return range === undefined ? [] : [{ range, quality: Number(quality) }];
  });
}
