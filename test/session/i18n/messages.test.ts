import { invalidRequest, plainRefusal, SessionError } from '../../../lib/errors';
import {
  translationsOf,
  messagesFor,
  refusalMessages,
  type Translation,
} from '../../../lib/session/i18n/translations';
import { UNKNOWN_DEVICE } from '../../../lib/session/device/clients';
import type { DeviceName } from '../../../lib/session/device/device';
import type { Place } from '../../../lib/session/place';
import { displayLocation, displayName, displayRefusal } from '../../../lib/session/i18n/messages';
import { outputOf } from '../../support/program';

const nameFor = (name: DeviceName, language = 'en', own?: Record<string, Translation>) =>
  displayName({ name }, messagesFor(language, translationsOf(own)));

const INTRANET: Place = { intranet: true };

const ALL: DeviceName = {
  product: 'OX App Suite',
  program: 'Chrome 65',
  system: 'Linux',
  protocols: 'CalDAV',
};

describe('displayName', () => {
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
  ])('of %j is %j in English and %j in German', (name, english, german) => {
    expect([nameFor(name), nameFor(name, 'de')]).toEqual([english, german]);
  });

  it('is in English by default', () => {
    expect(displayName(UNKNOWN_DEVICE)).toBe('Unknown device');
  });

  it('removes characters that change the text direction or start a new line', () => {
    expect(nameFor({ program: 'a\u202eb\u2066c\u200fd\r\ne\u2028f\0g', system: '\ud800x' })).toBe(
      'abcdefg on x',
    );
  });

  it('keeps the invisible characters of a translation', () => {
    const fa = { fa: { on: '{program} می\u200cبیند {system}' } };
    expect(nameFor({ program: 'a', system: 'b' }, 'fa', fa)).toBe('a می\u200cبیند b');
  });

  it('is at most 256 characters long', () => {
    const name = nameFor({ program: '😀'.repeat(500), system: 'x'.repeat(500) });
    expect(name).toHaveLength(256);
    expect(name.isWellFormed()).toBe(true);
  });

  it('inserts placeholders, replacement patterns and property names as plain text', () => {
    expect(nameFor({ program: '{system} $& $1', system: '{program}' })).toBe('{system} $& $1 on {program}');
    expect(nameFor({ program: '__proto__', system: 'toString' })).toBe('__proto__ on toString');
  });
});

describe('displayRefusal', () => {
  const german = messagesFor('de', translationsOf());

  it('is in the language of the reader', () => {
    const refusal = plainRefusal('session-ended', { endReason: 'displaced' });
    expect(displayRefusal(refusal)).toBe('A newer sign-in displaced this session; sign in again.');
    expect(displayRefusal(refusal, german)).toBe(
      'Eine neuere Anmeldung hat diese Sitzung verdrängt. Bitte melden Sie sich erneut an.',
    );
  });

  it('inserts the values into the translation', () => {
    const refusal = invalidRequest('take', '"{name}" must be a whole number from {min} to {max}.', {
      min: 1,
      max: 9,
    });
    expect(displayRefusal(refusal, german)).toBe('„take“ muss eine ganze Zahl von 1 bis 9 sein.');
  });

  it.each(['Only the owner may do this.', 'constructor', '__proto__'])(
    'keeps a message that is not translated: %s',
    (message) => {
      expect(displayRefusal(new SessionError('permission-missing', message), german)).toBe(message);
    },
  );

  it('uses the translations of the app, also for its own messages and for English', () => {
    const own = {
      fr: { refusals: { 'Sign in first.': 'Connectez-vous d’abord.', 'No entry.': 'Accès interdit.' } },
      en: { refusals: { 'Sign in first.': 'Please sign in.' } },
    };
    const inLanguage = (language: string) => messagesFor(language, translationsOf(own));
    const missing = plainRefusal('credentials-missing');
    expect(displayRefusal(missing, inLanguage('fr'))).toBe('Connectez-vous d’abord.');
    expect(displayRefusal(missing, inLanguage('en'))).toBe('Please sign in.');
    const refusal = new SessionError('permission-missing', 'No entry.');
    expect(displayRefusal(refusal, inLanguage('fr'))).toBe('Accès interdit.');
    expect(displayRefusal(refusal, inLanguage('de'))).toBe('No entry.');
  });

  it('has the same placeholders in German as in English', () => {
    const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const english of refusalMessages) {
      expect(placeholders(german.refusals[english]!)).toEqual(placeholders(english));
    }
  });
});

describe('displayLocation', () => {
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
  ])('of %j is %p in English and %p in German', (place, english, german) => {
    expect([located(place), located(place, 'de')]).toEqual([english, german]);
  });

  it('is in English by default', () => {
    expect(displayLocation({ country: 'DE' })).toBe('Germany');
  });

  it('uses the names of cities and countries in the languages that an app adds', () => {
    const names = { 'pt-BR': 'Munique', pt: 'Munique (pt)' };
    const munich = { city: 'Munich', cityNames: names, country: 'DE' };
    const own = { fr: { intranet: 'Réseau interne' }, 'pt-BR': {}, 'pt-PT': {} };
    expect(located(munich, 'fr', own)).toBe('Munich, Allemagne');
    expect(located(INTRANET, 'fr', own)).toBe('Réseau interne');
    expect(located(munich, 'pt-BR', own)).toBe('Munique, Alemanha');
    expect(located(munich, 'pt-PT', own)).toBe('Munique (pt), Alemanha');
  });

  it('is English if Node does not know the language, independent of the locale of the machine', async () => {
    const program = `
      const { translationsOf, displayLocation, messagesFor } = require('./lib/session/i18n');
      const klingon = messagesFor('tlh', translationsOf({ tlh: {} }));
      console.log(displayLocation({ country: 'DE' }, klingon));`;
    expect(await outputOf(program, { LC_ALL: 'de_DE.UTF-8' })).toBe('Germany\n');
  });

  it.each(['not a country', 'A1', 'QQ', 'ZZ', 'zz', '276', 5 as never, null as never])(
    'is only the city if the country is %p',
    (country) => {
      expect(located({ city: 'Berlin', country })).toBe('Berlin');
    },
  );

  it.each([{ city: 5 }, { cityNames: null }, { cityNames: { en: null } }, { city: '\u202e' }])(
    'is only the country if the city is invalid: %j',
    (nonsense) => {
      expect(located({ ...nonsense, country: 'DE' } as never)).toBe('Germany');
    },
  );
});
