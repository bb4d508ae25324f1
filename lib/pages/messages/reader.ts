import type { Request } from 'express';

import { filled, type MessageValues } from '../../errors';
import { text } from '../../options/checks';
import type { OptionTable } from '../../options/reader';
import type { Settings } from '../../options/settings';
import { preferredLanguage, tagAndParents } from '../../session/i18n/language';
import type { Messages } from '../../session/i18n/messages';
import { messagesFor, translationsOf } from '../../session/i18n/translations';
import { ENGLISH_PAGES } from './english';
import { GERMAN_PAGES } from './german';
import type { PageMessages, PluralMessage } from './page-messages';

/** The options of all pages that concern languages. */
export interface LanguageOptions {
  /** Texts of the pages in other languages, by language tag: `{ fr: FRENCH }`. English and German are built in. */
  readonly languages?: Readonly<Record<string, PageMessages>> | undefined;
  /** The language of all pages, such as `de`. Default: the language that the request's `Accept-Language` prefers. */
  readonly language?: string | undefined;
}

export const LANGUAGE_OPTIONS = {
  languages: {
    default: {},
    check: (value) => checkedLanguages(value as NonNullable<LanguageOptions['languages']>),
  },
  language: { check: text(/^[a-z]/i, 'a language tag, such as "de"') },
} satisfies OptionTable<LanguageOptions>;

/** @throws TypeError if it is not an object of messages by language tags */
function checkedLanguages(
  languages: NonNullable<LanguageOptions['languages']>,
): NonNullable<LanguageOptions['languages']> {
  // Checks the tags.
  translationsOf(Object.fromEntries(Object.keys(languages).map((tag) => [tag, {}])));
  return languages;
}

/** The person who reads a page: the language, its messages and formats, and the time of the request. */
export class Reader {
  readonly #formats: Formats;

  constructor(
    /** The language tag, such as `de` or `pt-BR`. */
    readonly language: string,
    /** The texts of the pages. */
    readonly texts: PageMessages,
    /** The messages for names of devices, places and refusals. */
    readonly names: Messages,
    /** The time of the request, in milliseconds since 1970. */
    readonly now: number,
  ) {
    this.#formats = formatsOf(language);
  }

  /** Returns the form of the message for this number, with the number in place of `{count}`. */
  plural(message: PluralMessage, count: number): string {
    const form = message[this.#formats.plural.select(count)] ?? message.other;
    return filled(form, { count: this.#formats.number.format(count) });
  }

  /** Returns the message with values in place of its placeholders. */
  filled(message: string, values: MessageValues): string {
    return filled(message, values);
  }

  /** Returns the time relative to now, such as `3 days ago`. */
  relative(time: number): string {
    const seconds = (time - this.now) / 1000;
    if (Math.abs(seconds) < 45) return this.texts.session.justNow;
    const { unit, length } = UNITS.find(({ most }) => Math.abs(seconds) < most)!;
    return this.#formats.relative.format(Math.round(seconds / length), unit);
  }

  /** Returns the time with its date in UTC, because the server does not know the reader's time zone. */
  exact(time: number): string {
    return `${this.#formats.date.format(time)} UTC`;
  }

  /** Returns the number as the language writes it. */
  number(value: number): string {
    return this.#formats.number.format(value);
  }
}

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

/** The units of relative times, with the number of seconds up to which they are used. The script has the same table. */
const UNITS: readonly { unit: Intl.RelativeTimeFormatUnit; length: number; most: number }[] = [
  { unit: 'minute', length: MINUTE, most: 59.5 * MINUTE },
  { unit: 'hour', length: HOUR, most: 23.5 * HOUR },
  { unit: 'day', length: DAY, most: 30 * DAY },
  { unit: 'month', length: 30.44 * DAY, most: 350 * DAY },
  { unit: 'year', length: 365.25 * DAY, most: Infinity },
];

interface Formats {
  readonly plural: Intl.PluralRules;
  readonly number: Intl.NumberFormat;
  readonly relative: Intl.RelativeTimeFormat;
  readonly date: Intl.DateTimeFormat;
}

const formatsByLanguage = new Map<string, Formats>();

/** Returns the formats of a language. Creating them is slow. */
function formatsOf(language: string): Formats {
  let formats = formatsByLanguage.get(language);
  if (formats === undefined) {
    const locales = [language, 'en'];
    formats = {
      plural: new Intl.PluralRules(locales),
      number: new Intl.NumberFormat(locales),
      relative: new Intl.RelativeTimeFormat(locales, { numeric: 'auto' }),
      date: new Intl.DateTimeFormat(locales, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
    };
    formatsByLanguage.set(language, formats);
  }
  return formats;
}

const BUILT_IN: Readonly<Record<string, PageMessages>> = { en: ENGLISH_PAGES, de: GERMAN_PAGES };

/**
 * Returns a function that returns the reader of a request. The languages are those of the pages; the manager's option
 * `languages` excludes built-in ones.
 * @throws TypeError if `language` has no messages
 */
export function readersOf(
  { translations, clock }: Pick<Settings, 'translations' | 'clock'>,
  { languages: own = {}, language: fixed }: LanguageOptions,
): (request: Pick<Request, 'headers'>) => Reader {
  const offered = [...translations.keys()].filter((tag) =>
    tagAndParents(tag).some((each) => each in BUILT_IN),
  );
  const added = Object.keys(own).map((tag) => tag.toLowerCase());
  const tags = [...new Set([...offered, ...added])];
  if (tags.length === 0) tags.push('en');
  if (fixed !== undefined) checkOffered(fixed, tags);
  const textsByTag = new Map(tags.map((tag) => [tag, textsOf(tag, own)]));

  return ({ headers }) => {
    const wanted = fixed ?? headers['accept-language'] ?? '';
    const tag = preferredLanguage(wanted, tags) ?? tags[0]!;
    const [language = tag] = Intl.getCanonicalLocales(tag);
    return new Reader(language, textsByTag.get(tag)!, messagesFor(language, translations), clock.now());
  };
}

function checkOffered(language: string, tags: readonly string[]): void {
  if (preferredLanguage(language, tags) !== undefined) return;
  const known = tags.map((tag) => JSON.stringify(tag)).join(' or ');
  throw new TypeError(`\`language\` is ${JSON.stringify(language)}: it must be ${known}`);
}

function textsOf(tag: string, own: Readonly<Record<string, PageMessages>>): PageMessages {
  const added = Object.entries(own).find(([key]) => key.toLowerCase() === tag)?.[1];
  const parent = tagAndParents(tag).find((each) => Object.hasOwn(BUILT_IN, each));
  return added ?? BUILT_IN[parent ?? 'en']!;
}
