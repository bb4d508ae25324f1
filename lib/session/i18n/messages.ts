import { filled, type SessionError } from '../../errors';
import type { Device } from '../device/device';
import { tagAndParents } from './language';
import type { Place } from '../place';
import { displayText } from '../text';

/** The messages with which sessions and refusals are shown, in one language. */
export interface Messages {
  /** The language tag as `Intl` writes it, such as `de` or `pt-BR`. */
  readonly language: string;
  /** The pattern for a program on an operating system: `{program} on {system}`. */
  readonly on: string;
  /** The name of a device about which nothing is known. */
  readonly unknownDevice: string;
  /** The location of an address that is not in a public network. */
  readonly intranet: string;
  /** Names that replace the English names of programs: `{ 'Mobile Safari': 'Safari' }`. */
  readonly names: Readonly<Record<string, string>>;
  /** Messages of refusals that replace the English ones: `{ 'Sign in first.': 'Connectez-vous d’abord.' }`. */
  readonly refusals: Readonly<Record<string, string>>;
}

/** The English messages, which are the default. */
export const ENGLISH: Messages = Object.freeze({
  language: 'en',
  on: '{program} on {system}',
  unknownDevice: 'Unknown device',
  intranet: 'Intranet',
  names: {},
  refusals: {},
});

/** Returns the message of a refusal that people see. A message that is not translated stays as it is. */
export function displayRefusal(
  { template, values = {}, message }: Pick<SessionError, 'template' | 'values' | 'message'>,
  { refusals }: Messages = ENGLISH,
): string {
  const translated = Object.hasOwn(refusals, template) ? refusals[template] : undefined;
  return translated === undefined ? message : filled(translated, values);
}

/** The maximum length of a display name and of a city's name, in characters. */
const LONGEST_DISPLAY_NAME = 256;

/** Returns the name of the device that people see, such as `Chrome 138 on Linux`. */
export function displayName({ name }: Pick<Device, 'name'>, messages: Messages = ENGLISH): string {
  const translated = (text: string | undefined) => {
    const clean = text && displayText(text, LONGEST_DISPLAY_NAME);
    return clean && Object.hasOwn(messages.names, clean) ? messages.names[clean] : clean;
  };
  const system = translated(name.system);
  const program = translated(name.program);
  const both = program && system ? filled(messages.on, { program, system }) : program || system;
  const protocols = translated(name.protocols);
  const detail = translated(name.model) || protocols;
  const rest = both && detail ? `${both} (${detail})` : both;
  const whole = [translated(name.product), rest].filter(Boolean).join(', ') || messages.unknownDevice;
  return whole.slice(0, LONGEST_DISPLAY_NAME).toWellFormed();
}

/** Returns the location that people see, such as `Berlin, Germany` or `Intranet`. Returns undefined if it is unknown. */
export function displayLocation(place: Place | undefined, messages: Messages = ENGLISH): string | undefined {
  if (place === undefined) return undefined;
  if (place.intranet) return messages.intranet;
  return [cityName(place, messages), countryName(place, messages)].filter(Boolean).join(', ') || undefined;
}

function cityName({ city, cityNames }: Place, { language }: Messages): string | undefined {
  const names = cityNames ?? {};
  const tag = tagAndParents(language).find((each) => Object.hasOwn(names, each));
  const name = tag === undefined ? city : names[tag];
  return typeof name === 'string' ? displayText(name, LONGEST_DISPLAY_NAME).toWellFormed() : undefined;
}

/** A country code of two letters, except `ZZ`, which stands for an unknown country. */
const COUNTRY = /^(?!ZZ)[A-Z]{2}$/i;

function countryName({ country }: Place, { language }: Messages): string | undefined {
  if (typeof country !== 'string' || !COUNTRY.test(country)) return undefined;
  return countries(language).of(country.toUpperCase());
}

const countriesByLanguage = new Map<string, Intl.DisplayNames>();

/** Returns the names of countries, in English if Node does not know the language. Creating them is slow. */
function countries(language: string): Intl.DisplayNames {
  let names = countriesByLanguage.get(language);
  if (names === undefined) {
    names = new Intl.DisplayNames([language, 'en'], { type: 'region', fallback: 'none' });
    countriesByLanguage.set(language, names);
  }
  return names;
}
