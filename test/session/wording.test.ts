import fc from 'fast-check';

import { UNKNOWN_DEVICE } from '../../lib/session/clients';
import type { DeviceName } from '../../lib/session/device';
import type { Place } from '../../lib/session/place';
import {
  catalogueOf,
  displayLocation,
  displayName,
  ENGLISH,
  wordingFor,
  type Words,
} from '../../lib/session/wording';

const called = (name: DeviceName, language = 'en', own?: Record<string, Words>) =>
  displayName({ name }, wordingFor(language, catalogueOf(own)));

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
  const located = (place: Place | undefined, language = 'en', own?: Record<string, Words>) =>
    displayLocation(place, wordingFor(language, catalogueOf(own)));

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

  it('is English where nobody has taught Node the language', () => {
    expect(located({ country: 'DE' }, 'tlh', { tlh: {} })).toBe('Germany');
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

describe('the language', () => {
  const catalogue = catalogueOf({
    fr: { unknownDevice: 'Appareil inconnu' },
    'pt-BR': { on: '{program} no {system}' },
  });

  it.each([
    ['en', 'en'],
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE-at', 'de'],
    ['de-Latn-DE-1996', 'de'],
    ['en, de', 'en'],
    ['de, en', 'de'],
    ['de-AT;q=0.8, en', 'en'],
    ['en;q=0.7,de;q=0.8', 'de'],
    ['en; q=0.7 , de ; q=0.8', 'de'],
    ['en;Q=0.7,de;Q=0.8', 'de'],
    ['ja, de;q=0.5', 'de'],
    ['ja', 'en'],
    ['fr-CA, en;q=0.9', 'fr'],
    ['pt-BR', 'pt-BR'],
    ['pt', 'en'],
    ['en;q=0', 'en'],
    ['*', 'en'],
    ['ja, *;q=0.5, de;q=0.1', 'en'],
    ['de;q=0, *', 'en'],
    ['en;q=0, *', 'de'],
    ['de;q=0, de-AT', 'en'],
    ['de;q=0.001', 'de'],
    ['de;q=1.000', 'de'],
    ['de;q=2, fr', 'fr'],
    ['de;q=x, fr', 'fr'],
    ['de;level=1, fr', 'fr'],
    [',,de,', 'de'],
    ['dutch-is-a-language-of-many-many-words-and-parts-indeed', 'en'],
    ['__proto__', 'en'],
    ['', 'en'],
    [undefined, 'en'],
    [null, 'en'],
  ])('for %j is %s', (acceptLanguage, language) => {
    expect(wordingFor(acceptLanguage, catalogue).language).toBe(language);
  });

  it.each([
    ['de', 'de'],
    ['DE-at', 'de'],
    ['pt-br', 'pt-BR'],
    ['ja', 'en'],
  ])('of those whose language nobody speaks is the fallback: %s gives %s', (fallback, language) => {
    expect(wordingFor('ja, ko;q=0.5', catalogue, fallback).language).toBe(language);
    expect(wordingFor('*', catalogue, fallback).language).toBe(language);
    expect(wordingFor(undefined, catalogue, fallback).language).toBe(language);
  });

  it('is found at once, whatever the header holds', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.string({ unit: fc.constantFrom('d', 'e', '-', ';', 'q', '=', '0', '.', '1', ',', '*', ' ') }),
    );
    fc.assert(
      fc.property(hostile, (header) => {
        expect([...catalogue.values()]).toContain(wordingFor(header, catalogue));
      }),
    );
    for (const header of [
      ' '.repeat(60_000),
      'a-'.repeat(30_000),
      'de;'.repeat(20_000),
      'x,'.repeat(30_000),
    ]) {
      const before = process.cpuUsage();
      wordingFor(header, catalogue);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
    }
  });
});

describe('the catalogue', () => {
  it('speaks English and German', () => {
    expect([...catalogueOf().keys()]).toEqual(['en', 'de']);
    expect(wordingFor('en')).toEqual(ENGLISH);
    expect(wordingFor('de')).toMatchObject({ language: 'de', intranet: 'Intranet' });
  });

  it('learns a language, and says in English what it was not told', () => {
    const own = { fr: { on: '{program} sur {system}', unknownDevice: 'Appareil inconnu' } };
    expect(called(ALL, 'fr', own)).toBe('OX App Suite, Chrome 65 sur Linux (CalDAV)');
    expect(called({}, 'fr', own)).toBe('Appareil inconnu');
    expect(wordingFor('fr', catalogueOf(own)).intranet).toBe('Intranet');
  });

  it('lets the order of the words be that of the language', () => {
    expect(
      called({ program: 'Chrome', system: 'Linux' }, 'ja', { ja: { on: '{system} の {program}' } }),
    ).toBe('Linux の Chrome');
  });

  it('knows the programs by the names that an app gives them, in every language', () => {
    const own = { '*': { names: { 'OX App Suite': 'Example Mail', 'Mac OS Calendar': 'iCal' } } };
    expect(called(ALL, 'en', own)).toBe('Example Mail, Chrome 65 on Linux (CalDAV)');
    expect(called(ALL, 'de', own)).toBe('Example Mail, Chrome 65 auf Linux (CalDAV)');
    expect(called({ program: 'Mac OS Calendar' }, 'de', own)).toBe('iCal');
  });

  it('prefers what an app says of a language to what it says of all', () => {
    const own = { '*': { unknownDevice: '?' }, de: { unknownDevice: 'Irgendein Gerät' } };
    expect([called({}, 'en', own), called({}, 'de', own)]).toEqual(['?', 'Irgendein Gerät']);
  });

  it('tells a region only what it says otherwise', () => {
    const own = { 'de-at': { unknownDevice: 'Ein Kastl' }, de: { intranet: 'Hausnetz' } };
    const wording = wordingFor('de-AT', catalogueOf(own));
    expect(wording).toMatchObject({ language: 'de-AT', unknownDevice: 'Ein Kastl', intranet: 'Hausnetz' });
    expect(called({ program: 'Mac OS Calendar', system: 'x' }, 'de-AT', own)).toBe('Mac OS Kalender auf x');
    expect(called({}, 'de', own)).toBe('Unbekanntes Gerät');
  });

  it.each<[Record<string, unknown>, string]>([
    [{ German: {} }, '"German" is no language: write a tag such as "fr" or "pt-BR", or "*" for all of them'],
    [{ de_AT: {} }, '"de_AT" is no language'],
    [{ '': {} }, '"" is no language'],
    [{ fr: { on: 'sur {system}' } }, '`on` of "fr" must say where its words go: "{program} on {system}"'],
    [{ fr: { on: 'sur' } }, '`on` of "fr" must say'],
    [{ fr: { unknownDevice: 5 } }, '`unknownDevice` of "fr" must be text'],
    [{ '*': { names: { 'OX Drive': null } } }, '`OX Drive` of "*" must be text'],
  ])('takes no %j', (own, problem) => {
    const make = () => catalogueOf(own as Record<string, Words>);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(problem);
  });
});
