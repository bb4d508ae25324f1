import { GERMAN } from './german';
import { preferredLanguage, tagAndParents } from './language';
import { ENGLISH, type Messages } from './messages';

/** Messages of one language. A missing message is taken from the parent language (`de` for `de-AT`), or from English. */
export type Translation = Partial<Omit<Messages, 'language'>>;

/** Messages by language, in order of preference. The keys are lower-case language tags. */
export type Translations = ReadonlyMap<string, Messages>;

const BUILT_IN: ReadonlyMap<string, Translation> = new Map([
  ['en', ENGLISH],
  ['de', GERMAN],
]);

/** The key of the messages that apply to every language. */
const ALL = '*';

/** The English messages of all refusals of this package, by which translations name them. */
export const refusalMessages: readonly string[] = Object.freeze(Object.keys(GERMAN.refusals));

/**
 * Builds the translations: English, German, and the languages that the app adds or changes, such as
 * `{ fr: { on: '{program} sur {system}' } }`. Messages under `*` apply to every language:
 * `{ '*': { names: { 'Mobile Safari': 'Safari' } } }`. The keys of `refusals` are the English messages, with their placeholders.
 * @param languages The languages to offer, in order of preference. The default is all languages.
 * @throws TypeError if a language tag or a message is invalid, or if a language of `languages` has no translation
 */
export function translationsOf(
  own: Readonly<Record<string, Translation>> = {},
  languages?: readonly string[],
): Translations {
  const added = new Map(Object.entries(own).map(([tag, messages]) => [key(tag), checked(tag, messages)]));
  const known = new Set([...BUILT_IN.keys(), ...added.keys()]);
  known.delete(ALL);
  const offered = languages?.map((tag) => offeredKey(tag, known)) ?? [...known];
  if (offered.length === 0) throw new TypeError('`languages` must contain at least one language');
  return new Map(offered.map((language) => [language, messagesOf(language, added)]));
}

const DEFAULTS = translationsOf();

/**
 * Returns the messages for a reader with an `Accept-Language` header, or with a single language tag. If no language fits,
 * returns those of the first language.
 */
export function messagesFor(
  acceptLanguage: string | null | undefined,
  translations: Translations = DEFAULTS,
): Messages {
  const language = preferredLanguage(acceptLanguage ?? '', [...translations.keys()]);
  const [first = ENGLISH] = translations.values();
  return language === undefined ? first : translations.get(language)!;
}

function offeredKey(tag: string, known: ReadonlySet<string>): string {
  const language = key(tag);
  if (tagAndParents(language).some((each) => known.has(each))) return language;
  throw new TypeError(`there is no translation for "${tag}": add one to \`translations\``);
}

function key(tag: string): string {
  if (tag === ALL) return tag;
  const [canonical] = PRIMARY.test(tag) ? canonicalLocales(tag) : [];
  if (canonical !== undefined) return canonical.toLowerCase();
  throw new TypeError(
    `"${tag}" is not a language tag: write a tag such as "fr" or "pt-BR", or "*" for all languages`,
  );
}

/** The grammar allows longer primary subtags, but those are names by mistake, such as `German`. */
const PRIMARY = /^[a-z]{2,3}(?:-|$)/i;

function canonicalLocales(tag: string): string[] {
  try {
    return Intl.getCanonicalLocales(tag);
  } catch {
    return [];
  }
}

function checked(tag: string, { names = {}, refusals = {}, ...messages }: Translation): Translation {
  const texts = [messages, names, refusals].flatMap((each) => Object.entries(each));
  for (const [name, text] of texts) {
    if (text !== undefined && typeof text !== 'string') {
      throw new TypeError(`\`${name}\` of "${tag}" must be text`);
    }
  }
  const { on } = messages;
  if (on !== undefined && !(on.includes('{program}') && on.includes('{system}'))) {
    throw new TypeError(
      `\`on\` of "${tag}" must contain {program} and {system}, as in "{program} on {system}"`,
    );
  }
  for (const [english, text] of Object.entries(refusals)) {
    const unknown = placeholdersIn(text).find((each) => !placeholdersIn(english).includes(each));
    if (unknown === undefined) continue;
    throw new TypeError(
      `the translation "${text}" of "${tag}" has the placeholder ${unknown}, which the English message does not have`,
    );
  }
  return { ...messages, names, refusals };
}

function placeholdersIn(text: string): readonly string[] {
  return text.match(/\{\w+\}/g) ?? [];
}

/** Merges the built-in messages, those for every language and those of the app, from general to specific. */
function messagesOf(language: string, added: ReadonlyMap<string, Translation>): Messages {
  const general = tagAndParents(language).reverse();
  const merged = [
    ...general.map((tag) => BUILT_IN.get(tag)),
    added.get(ALL),
    ...general.map((tag) => added.get(tag)),
  ];
  const [tag = language] = Intl.getCanonicalLocales(language);
  return Object.freeze(merged.reduce<Messages>(withTranslation, { ...ENGLISH, language: tag }));
}

function withTranslation(messages: Messages, translation: Translation | undefined): Messages {
  return {
    language: messages.language,
    on: translation?.on ?? messages.on,
    unknownDevice: translation?.unknownDevice ?? messages.unknownDevice,
    intranet: translation?.intranet ?? messages.intranet,
    names: { ...messages.names, ...translation?.names },
    refusals: { ...messages.refusals, ...translation?.refusals },
  };
}
