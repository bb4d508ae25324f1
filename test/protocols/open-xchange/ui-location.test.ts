import type { Request } from 'express';

import { GENERATIONS } from '../../../lib/protocols/open-xchange/generation';
import { isLocalPath, uiLocation, uiUser } from '../../../lib/protocols/open-xchange/ui-location';

describe('a local path', () => {
  it.each(['/', '/appsuite/', '/a/b.c~d_e-f%20'])('may be %j', (path) => {
    expect(isLocalPath(path)).toBe(true);
  });
  it.each(['', 'a', '//a', '/\\a', 'https://a', '/a b', '/a#b', '/a?b', '/a\n', undefined])(
    'may not be %j',
    (path) => {
      expect(isLocalPath(path)).toBe(false);
    },
  );
});

describe('the location of the user interface', () => {
  const asked = (query: string) => ({ url: `/login?${query}` }) as Request;

  it('contains the parameters that have a value, with escaped characters', () => {
    const location = uiLocation(asked(''), '/ui/', {
      user: 'a&b=ü',
      user_id: 3,
      language: undefined,
      store: false,
    });
    expect(location).toBe('/ui/#user=a%26b%3D%C3%BC&user_id=3&store=false');
  });

  it.each([
    ['uiWebPath=/other/', '/other/#a=1'],
    ['uiWebPath=//example.com/', '/ui/#a=1'],
    ['uiWebPath=https://example.com/', '/ui/#a=1'],
  ])('for the query %j is %s', (query, location) => {
    expect(uiLocation(asked(query), '/ui/', { a: 1 })).toBe(location);
  });

  it('contains the name of the user only in the generation 6', () => {
    const facts = { user: 'alice', userNumber: 3, locale: 'en_US' };
    expect(uiUser(GENERATIONS['6'], facts)).toEqual({ user: 'alice', user_id: 3, language: 'en_US' });
    expect(uiUser(GENERATIONS['8'], facts)).toEqual({ user_id: 3, language: 'en_US', locale: 'en_US' });
  });
});
