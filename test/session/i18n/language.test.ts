import { languageRanges, lookup } from '../../../lib/session/i18n/language';

describe('what a language is a case of', () => {
  it.each([
    ['de', ['de']],
    ['de-AT', ['de-AT', 'de']],
    ['zh-Hant-TW', ['zh-Hant-TW', 'zh-Hant', 'zh']],
  ])('%s is of %j', (tag, expected) => {
    expect(lookup(tag)).toEqual(expected);
  });
});

describe('the languages of a header', () => {
  it('stand there in lower case, with how welcome they are', () => {
    expect(languageRanges('de-AT, en ; q=0.5 ,*;q=0')).toEqual([
      { range: 'de-at', quality: 1 },
      { range: 'en', quality: 0.5 },
      { range: '*', quality: 0 },
    ]);
  });

  it.each(['', ',', 'de;q=2', 'de;q=x', 'de;level=1', 'de_AT', 'de-', 'überall', 'x'.repeat(9)])(
    'are none in %j',
    (header) => {
      expect(languageRanges(header)).toEqual([]);
    },
  );

  it('are looked for in its first 1,000 characters', () => {
    expect(languageRanges(`${' '.repeat(997)},de`)).toEqual([{ range: 'de', quality: 1 }]);
    expect(languageRanges(`${' '.repeat(998)},de`)).toEqual([{ range: 'd', quality: 1 }]);
    expect(languageRanges(`${' '.repeat(999)},de`)).toEqual([]);
  });
});
