import fc from 'fast-check';

import { translationsOf, messagesFor, type Translation } from '../../../lib/session/i18n/translations';
import type { DeviceName } from '../../../lib/session/device/device';
import { displayName, ENGLISH } from '../../../lib/session/i18n/messages';
import { anyCharacter } from '../../support/text';

const nameFor = (name: DeviceName, language = 'en', own?: Record<string, Translation>) =>
  displayName({ name }, messagesFor(language, translationsOf(own)));

const ALL: DeviceName = {
  product: 'OX App Suite',
  program: 'Chrome 65',
  system: 'Linux',
  protocols: 'CalDAV',
};

describe('messagesFor', () => {
  const translations = translationsOf({
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
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-BR'],
    ['pt-PT, en;q=0.9', 'pt-BR'],
    ['pt-BR;q=0, pt', 'en'],
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
  ])('for the header %j has the language %s', (acceptLanguage, language) => {
    expect(messagesFor(acceptLanguage, translations).language).toBe(language);
  });

  it.each([
    [['de', 'en'], 'de'],
    [['pt-br', 'en'], 'pt-BR'],
    [['de-AT', 'de'], 'de-AT'],
    [['en', 'fr'], 'en'],
  ])('returns the first of the languages %j if none fits', (languages, first) => {
    const ordered = translationsOf({ fr: {}, 'pt-BR': {} }, languages);
    expect(messagesFor('ja, ko;q=0.5', ordered).language).toBe(first);
    expect(messagesFor('*', ordered).language).toBe(first);
    expect(messagesFor(undefined, ordered).language).toBe(first);
  });

  it('returns one of the languages for any header, and returns quickly', () => {
    const hostile = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 2000 }),
      fc.string({ unit: fc.constantFrom('d', 'e', '-', ';', 'q', '=', '0', '.', '1', ',', '*', ' ') }),
    );
    fc.assert(
      fc.property(hostile, (header) => {
        expect([...translations.values()]).toContain(messagesFor(header, translations));
      }),
    );
    for (const header of [
      ' '.repeat(60_000),
      'a-'.repeat(30_000),
      'de;'.repeat(20_000),
      'x,'.repeat(30_000),
    ]) {
      const before = process.cpuUsage();
      messagesFor(header, translations);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
    }
  });
});

describe('translationsOf', () => {
  it('contains English and German', () => {
    expect([...translationsOf().keys()]).toEqual(['en', 'de']);
    expect(messagesFor('en')).toEqual(ENGLISH);
    expect(messagesFor('de')).toMatchObject({ language: 'de', intranet: 'Intranet' });
  });

  it('adds a language, with English for missing messages', () => {
    const own = { fr: { on: '{program} sur {system}', unknownDevice: 'Appareil inconnu' } };
    expect(nameFor(ALL, 'fr', own)).toBe('OX App Suite, Chrome 65 sur Linux (CalDAV)');
    expect(nameFor({}, 'fr', own)).toBe('Appareil inconnu');
    expect(messagesFor('fr', translationsOf(own)).intranet).toBe('Intranet');
  });

  it('keeps the word order of a translated pattern', () => {
    expect(
      nameFor({ program: 'Chrome', system: 'Linux' }, 'ja', { ja: { on: '{system} の {program}' } }),
    ).toBe('Linux の Chrome');
  });

  it('applies the names under * to every language', () => {
    const own = { '*': { names: { 'OX App Suite': 'Example Mail', 'Mac OS Calendar': 'iCal' } } };
    expect(nameFor(ALL, 'en', own)).toBe('Example Mail, Chrome 65 on Linux (CalDAV)');
    expect(nameFor(ALL, 'de', own)).toBe('Example Mail, Chrome 65 auf Linux (CalDAV)');
    expect(nameFor({ program: 'Mac OS Calendar' }, 'de', own)).toBe('iCal');
  });

  it('prefers a message of the language to a message under *', () => {
    const own = { '*': { unknownDevice: '?' }, de: { unknownDevice: 'Irgendein Gerät' } };
    expect([nameFor({}, 'en', own), nameFor({}, 'de', own)]).toEqual(['?', 'Irgendein Gerät']);
  });

  it('takes missing messages of a region from its language', () => {
    const own = { 'de-at': { unknownDevice: 'Ein Kastl' }, de: { intranet: 'Hausnetz' } };
    const messages = messagesFor('de-AT', translationsOf(own));
    expect(messages).toMatchObject({ language: 'de-AT', unknownDevice: 'Ein Kastl', intranet: 'Hausnetz' });
    expect(nameFor({ program: 'Mac OS Calendar', system: 'x' }, 'de-AT', own)).toBe('Mac OS Kalender auf x');
    expect(nameFor({}, 'de', own)).toBe('Unbekanntes Gerät');
  });

  it('contains only the chosen languages, in their order', () => {
    expect([...translationsOf({ fr: {}, it: {} }, ['fr', 'de-ch', 'FR', 'en']).keys()]).toEqual([
      'fr',
      'de-ch',
      'en',
    ]);
    expect(messagesFor('en, fr', translationsOf({}, ['de'])).language).toBe('de');
  });

  it.each([
    [['fr'], 'there is no translation for "fr": add one to `translations`'],
    [['en', '*'], 'there is no translation for "*"'],
    [['German'], '"German" is not a language tag'],
    [[], '`languages` must contain at least one language'],
  ])('throws a TypeError if the languages are %j', (languages, problem) => {
    expect(() => translationsOf({ it: {} }, languages)).toThrow(TypeError);
    expect(() => translationsOf({ it: {} }, languages)).toThrow(problem);
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { German: {} },
      '"German" is not a language tag: write a tag such as "fr" or "pt-BR", or "*" for all languages',
    ],
    [{ de_AT: {} }, '"de_AT" is not a language tag'],
    [{ '': {} }, '"" is not a language tag'],
    [
      { fr: { on: 'sur {system}' } },
      '`on` of "fr" must contain {program} and {system}, as in "{program} on {system}"',
    ],
    [{ fr: { on: 'sur' } }, '`on` of "fr" must contain'],
    [{ fr: { unknownDevice: 5 } }, '`unknownDevice` of "fr" must be text'],
    [{ '*': { names: { 'OX Drive': null } } }, '`OX Drive` of "*" must be text'],
    [{ fr: { refusals: { 'Sign in first.': 5 } } }, '`Sign in first.` of "fr" must be text'],
    [
      { fr: { refusals: { '"{name}" must be a GUID.': '{nom} doit être un GUID.' } } },
      '"{nom} doit être un GUID." of "fr" has the placeholder {nom}',
    ],
  ])('throws a TypeError for the translations %j', (own, problem) => {
    const make = () => translationsOf(own as Record<string, Translation>);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(problem);
  });
});
