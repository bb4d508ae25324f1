import fc from 'fast-check';

import { cookieValues, setCookie } from '../../lib/http/cookies';
import { satisfies } from '../support/compliance';

describe('cookieValues', () => {
  it.each([
    ['identity=a', ['a']],
    ['other=1; identity=a; more=2', ['a']],
    ['identity=a;identity=b', ['a', 'b']],
    [' \tidentity=a \t; x=y', ['a']],
    ['identity=', ['']],
    ['identity="a"', ['"a"']],
    ['identity=a=b', ['a=b']],
    ['xidentity=a', []],
    ['identity =a', []],
    ['IDENTITY=a', []],
    ['identity', []],
    ['x="y; identity=evil; z"', ['evil']],
    ['=identity=a', []],
    ['', []],
  ])('finds in the header %j the values %j', (header, expected) => {
    expect(cookieValues(header, 'identity')).toEqual(expected);
  });

  it('returns an empty list without a header', () => {
    expect(cookieValues(undefined, 'identity')).toEqual([]);
  });

  it.each(['\u00a0', '\u2000', '\u200a', '\u3000', '\ufeff', '\u0085', '\u000b'])(
    'ignores a name that begins with %j, which browsers keep and some servers trim',
    (space) => {
      expect(cookieValues(`${space}identity=evil`, 'identity')).toEqual([]);
      expect(cookieValues(`a=b;${space}identity=evil`, 'identity')).toEqual([]);
    },
  );

  it('returns the same values as splitting at semicolons, for any header', () => {
    const bySplitting = (header: string) =>
      header
        .split(';')
        .map((pair) => pair.replace(/^[ \t]+/, ''))
        .filter((pair) => pair.startsWith('identity='))
        .map((pair) => pair.slice('identity='.length).trimEnd());
    const piece = fc.oneof(
      fc.constantFrom(
        'identity=',
        'identity',
        ';',
        '; ',
        '=',
        ' ',
        '\t',
        '"',
        'a',
        '%00',
        '__Host-Http-',
        '__proto__',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const header = pieces.join('');
        expect(cookieValues(header, 'identity')).toEqual(bySplitting(header));
      }),
    );
  });
});

describe('setCookie', () => {
  it(
    satisfies(
      'sets HttpOnly, Secure, SameSite, Path=/ and Max-Age',
      'ASVS 3.3.1',
      'ASVS 3.3.2',
      'NIST 5.1.1 further',
    ),
    () => {
      const attributes = { secure: true, sameSite: 'lax', partitioned: false, maxAge: 60 } as const;
      expect(setCookie('__Host-Http-identity', 'v', attributes)).toBe(
        '__Host-Http-identity=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax',
      );
    },
  );

  it('omits Max-Age if it is undefined and Secure if it is false', () => {
    expect(setCookie('identity', 'v', { secure: false, sameSite: 'strict', partitioned: false })).toBe(
      'identity=v; Path=/; HttpOnly; SameSite=Strict',
    );
  });

  it('sets Partitioned after SameSite=None for frames of other sites', () => {
    expect(setCookie('a', 'v', { secure: true, sameSite: 'none', partitioned: true })).toBe(
      'a=v; Path=/; HttpOnly; Secure; SameSite=None; Partitioned',
    );
  });
});
