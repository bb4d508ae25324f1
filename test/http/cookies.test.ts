import fc from 'fast-check';

import { cookieValues, setCookie } from '../../lib/http/cookies';

describe('the values of a cookie', () => {
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
  ])('in %j are %j', (header, expected) => {
    expect(cookieValues(header, 'identity')).toEqual(expected);
  });

  it('are none without a header', () => {
    expect(cookieValues(undefined, 'identity')).toEqual([]);
  });

  it.each(['\u00a0', '\u2000', '\u200a', '\u3000', '\ufeff', '\u0085', '\u000b'])(
    'leave out a name with %j before it, which browsers keep and others trim away',
    (space) => {
      expect(cookieValues(`${space}identity=evil`, 'identity')).toEqual([]);
      expect(cookieValues(`a=b;${space}identity=evil`, 'identity')).toEqual([]);
    },
  );

  it('are those that splitting at semicolons gives, for any header', () => {
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
        '__Host-',
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

describe('a cookie that is set', () => {
  it('is out of reach of scripts and of plain HTTP, for all paths of one host', () => {
    expect(setCookie('__Host-identity', 'v', { secure: true, sameSite: 'lax', maxAge: 60 })).toBe(
      '__Host-identity=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax',
    );
  });

  it('ends with the browser when it has no age, and goes over plain HTTP only when told so', () => {
    expect(setCookie('identity', 'v', { secure: false, sameSite: 'strict' })).toBe(
      'identity=v; Path=/; HttpOnly; SameSite=Strict',
    );
  });
});
