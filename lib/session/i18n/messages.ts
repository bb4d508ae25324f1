import type { Device } from '../device/device';
import { lookup } from './language';
import type { Place } from '../place';
import { displayText } from '../text';

/** The words in which sessions are shown, in one language. */
export interface Messages {
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

/** The messages that serves when nobody asks for another. */
export const ENGLISH: Messages = Object.freeze({
  language: 'en',
  on: '{program} on {system}',
  unknownDevice: 'Unknown device',
  intranet: 'Intranet',
  names: {},
});

/** How long a display name can be, and a city's, in characters. */
const LONGEST_DISPLAY_NAME = 256;

/** What people call the device: `OX App Suite, Chrome 65 on Linux`. */
export function displayName({ name }: Pick<Device, 'name'>, messages: Messages = ENGLISH): string {
  const called = (text: string | undefined) => {
    const clean = text && displayText(text, LONGEST_DISPLAY_NAME);
    return clean && Object.hasOwn(messages.names, clean) ? messages.names[clean] : clean;
  };
  const system = called(name.system);
  const program = called(name.program);
  const both = program && system ? filled(messages.on, { program, system }) : program || system;
  const protocols = called(name.protocols);
  const rest = both && protocols ? `${both} (${protocols})` : both;
  const whole = [called(name.product), rest].filter(Boolean).join(', ') || messages.unknownDevice;
  return whole.slice(0, LONGEST_DISPLAY_NAME).toWellFormed();
}

/** Where people read that the device is: `Berlin, Germany`, or `Intranet`, or undefined when nothing is known. */
export function displayLocation(place: Place | undefined, messages: Messages = ENGLISH): string | undefined {
  if (place === undefined) return undefined;
  if (place.intranet) return messages.intranet;
  return [cityName(place, messages), countryName(place, messages)].filter(Boolean).join(', ') || undefined;
}

function cityName({ city, cityNames }: Place, { language }: Messages): string | undefined {
  const names = cityNames ?? {};
  const tag = lookup(language).find((each) => Object.hasOwn(names, each));
  const name = tag === undefined ? city : names[tag];
  return typeof name === 'string' ? displayText(name, LONGEST_DISPLAY_NAME).toWellFormed() : undefined;
}

/** Two letters, but not those that stand for an unknown country. */
const COUNTRY = /^(?!ZZ)[A-Z]{2}$/i;

function countryName({ country }: Place, { language }: Messages): string | undefined {
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
