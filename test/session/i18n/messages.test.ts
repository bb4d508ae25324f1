import { translationsOf, messagesFor, type Translation } from '../../../lib/session/i18n/translations';
import { UNKNOWN_DEVICE } from '../../../lib/session/device/clients';
import type { DeviceName } from '../../../lib/session/device/device';
import type { Place } from '../../../lib/session/place';
import { displayLocation, displayName } from '../../../lib/session/i18n/messages';
import { outputOf } from '../../support/program';

const called = (name: DeviceName, language = 'en', own?: Record<string, Translation>) =>
  displayName({ name }, messagesFor(language, translationsOf(own)));

const INTRANET: Place = { intranet: true };

const ALL: DeviceName = {
  product: 'OX App Suite',
  program: 'Chrome 65',
  system: 'Linux',
  protocols: 'CalDAV',
};

describe('a display name', () => {
  it.each<[DeviceName, string, string]>([
    [ALL, 'OX App Suite, Chrome 65 on Linux (CalDAV)', 'OX App Suite, Chrome 65 auf Linux (CalDAV)'],
    [
      { ...ALL, protocols: undefined },
      'OX App Suite, Chrome 65 on Linux',
      'OX App Suite, Chrome 65 auf Linux',
    ],
    [{ product: 'OX App Suite', program: 'Chrome 65' }, 'OX App Suite, Chrome 65', 'OX App Suite, Chrome 65'],
    [{ product: 'OX App Suite' }, 'OX App Suite', 'OX App Suite'],
    [{ program: 'Chrome 65', system: 'Linux' }, 'Chrome 65 on Linux', 'Chrome 65 auf Linux'],
    [{ program: 'Chrome 65' }, 'Chrome 65', 'Chrome 65'],
    [{ system: 'Android 13' }, 'Android 13', 'Android 13'],
    [{ program: 'Till 4' }, 'Till 4', 'Till 4'],
    [{}, 'Unknown device', 'Unbekanntes Gerät'],
    [{ program: '', system: '\0' }, 'Unknown device', 'Unbekanntes Gerät'],
  ])('of %j is %s', (name, english, german) => {
    expect([called(name), called(name, 'de')]).toEqual([english, german]);
  });

  it('is English unless somebody asks for another language', () => {
    expect(displayName(UNKNOWN_DEVICE)).toBe('Unknown device');
  });

  it('lets nobody write backwards, nor into the next line', () => {
    expect(called({ program: 'a\u202eb\u2066c\u200fd\r\ne\u2028f\0g', system: '\ud800x' })).toBe(
      'abcdefg on x',
    );
  });

  it('keeps the signs that the words of a language need', () => {
    const fa = { fa: { on: '{program} می\u200cبیند {system}' } };
    expect(called({ program: 'a', system: 'b' }, 'fa', fa)).toBe('a می\u200cبیند b');
  });

  it('is no longer than 256 characters', () => {
    const name = called({ program: '😀'.repeat(500), system: 'x'.repeat(500) });
    expect(name).toHaveLength(256);
    expect(name.isWellFormed()).toBe(true);
  });

  it('takes what it is given for words, not for instructions', () => {
    expect(called({ program: '{system} $& $1', system: '{program}' })).toBe('{system} $& $1 on {program}');
    expect(called({ program: '__proto__', system: 'toString' })).toBe('__proto__ on toString');
  });
});

describe('a location', () => {
  const located = (place: Place | undefined, language = 'en', own?: Record<string, Translation>) =>
    displayLocation(place, messagesFor(language, translationsOf(own)));

  it.each<[Place | undefined, string | undefined, string | undefined]>([
    [{ city: 'Berlin', country: 'DE' }, 'Berlin, Germany', 'Berlin, Deutschland'],
    [
      { city: 'Munich', cityNames: { de: 'München' }, country: 'DE' },
      'Munich, Germany',
      'München, Deutschland',
    ],
    [{ city: 'Rome', cityNames: { it: 'Roma' }, country: 'IT' }, 'Rome, Italy', 'Rome, Italien'],
    [{ country: 'gb' }, 'United Kingdom', 'Vereinigtes Königreich'],
    [{ city: 'Berlin' }, 'Berlin', 'Berlin'],
    [INTRANET, 'Intranet', 'Intranet'],
    [{ city: '', country: '' }, undefined, undefined],
    [{}, undefined, undefined],
    [undefined, undefined, undefined],
  ])('at %j is %p', (place, english, german) => {
    expect([located(place), located(place, 'de')]).toEqual([english, german]);
  });

  it('is English unless somebody asks for another language', () => {
    expect(displayLocation({ country: 'DE' })).toBe('Germany');
  });

  it('is said in every language that an app adds: cities and countries as they are called there', () => {
    const names = { 'pt-BR': 'Munique', pt: 'Munique (pt)' };
    const munich = { city: 'Munich', cityNames: names, country: 'DE' };
    const own = { fr: { intranet: 'Réseau interne' }, 'pt-BR': {}, 'pt-PT': {} };
    expect(located(munich, 'fr', own)).toBe('Munich, Allemagne');
    expect(located(INTRANET, 'fr', own)).toBe('Réseau interne');
    expect(located(munich, 'pt-BR', own)).toBe('Munique, Alemanha');
    expect(located(munich, 'pt-PT', own)).toBe('Munique (pt), Alemanha');
  });

  it('is English where Node does not know the language, whatever that of the machine', async () => {
    const program = `
      const { translationsOf, displayLocation, messagesFor } = require('./lib/session/i18n');
      const klingon = messagesFor('tlh', translationsOf({ tlh: {} }));
      console.log(displayLocation({ country: 'DE' }, klingon));`;
    expect(await outputOf(program, { LC_ALL: 'de_DE.UTF-8' })).toBe('Germany\n');
  });

  it.each(['not a country', 'A1', 'QQ', 'ZZ', 'zz', '276', 5 as never, null as never])(
    'is only the city when the country is %p',
    (country) => {
      expect(located({ city: 'Berlin', country })).toBe('Berlin');
    },
  );

  it.each([{ city: 5 }, { cityNames: null }, { cityNames: { en: null } }, { city: '\u202e' }])(
    'is only the country when the city is nonsense: %j',
    (nonsense) => {
      expect(located({ ...nonsense, country: 'DE' } as never)).toBe('Germany');
    },
  );
});
