import { languageRanges, preferredLanguage, tagAndParents } from '../../../lib/session/i18n/language';

describe('tagAndParents', () => {
  it.each([
    ['de', ['de']],
    ['de-AT', ['de-AT', 'de']],
    ['zh-Hant-TW', ['zh-Hant-TW', 'zh-Hant', 'zh']],
  ])('of %s are %j', (tag, expected) => {
    expect(tagAndParents(tag)).toEqual(expected);
  });
});

describe('languageRanges', () => {
  it('returns the ranges in lower case with their quality', () => {
    expect(languageRanges('de-AT, en ; q=0.5 ,*;q=0')).toEqual([
      { range: 'de-at', quality: 1 },
      { range: 'en', quality: 0.5 },
      { range: '*', quality: 0 },
    ]);
  });

  it.each(['', ',', 'de;q=2', 'de;q=x', 'de;level=1', 'de_AT', 'de-', 'überall', 'x'.repeat(9)])(
    'ignores the invalid header %j',
    (header) => {
      expect(languageRanges(header)).toEqual([]);
    },
  );

  it('reads only the first 1,000 characters of the header', () => {
    expect(languageRanges(`${' '.repeat(997)},de`)).toEqual([{ range: 'de', quality: 1 }]);
    expect(languageRanges(`${' '.repeat(998)},de`)).toEqual([{ range: 'd', quality: 1 }]);
    expect(languageRanges(`${' '.repeat(999)},de`)).toEqual([]);
  });
});

describe('preferredLanguage', () => {
  it.each([
    ['pt', ['en', 'pt-br'], 'pt-br'],
    ['pt-PT', ['en', 'pt-br'], 'pt-br'],
    ['pt-PT', ['en', 'pt-br', 'pt'], 'pt'],
    ['pt-PT', ['en', 'pt-br', 'pt', 'pt-pt'], 'pt-pt'],
    ['pt-PT, en;q=0.9', ['en', 'pt-br'], 'pt-br'],
    ['en, pt-PT;q=0.9', ['en', 'pt-br'], 'en'],
    ['pt-PT,pt;q=0.9,en;q=0.8', ['en', 'pt-br'], 'pt-br'],
    ['pt', ['pt-br', 'pt-pt'], 'pt-br'],
    ['pt', ['ptx', 'pt-br'], 'pt-br'],
    ['zh-Hant-TW', ['zh-hans', 'zh-hant-hk'], 'zh-hant-hk'],
    ['zh-Hant-TW', ['zh', 'zh-hant-hk'], 'zh-hant-hk'],
    ['*', ['de', 'en'], 'de'],
  ])('for the header %j and the languages %j is %s', (header, available, expected) => {
    expect(preferredLanguage(header, available)).toBe(expected);
  });

  it.each([
    ['pt, pt-BR;q=0', ['pt-br'], undefined],
    ['pt, pt-BR;q=0', ['pt-br', 'pt-pt'], 'pt-pt'],
    ['pt-PT, pt;q=0', ['pt-br'], undefined],
    ['pt-PT, pt;q=0', ['pt-br', 'pt-pt'], 'pt-pt'],
    ['*, pt;q=0', ['pt-br', 'en'], 'en'],
    ['en;q=0', ['en'], undefined],
  ])('with the refusal in %j and the languages %j is %s', (header, available, expected) => {
    expect(preferredLanguage(header, available)).toBe(expected);
  });

  it.each(['', 'ja', 'ja, ko;q=0.5', '__proto__'])(
    'is undefined for %j if only English is available',
    (header) => {
      expect(preferredLanguage(header, ['en'])).toBeUndefined();
    },
  );
});
