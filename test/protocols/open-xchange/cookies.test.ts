import {
  cookieDate,
  cookieLine,
  cookieName,
  cookiesFor,
  cookieValue,
  EXPIRED,
} from '../../../lib/protocols/open-xchange/cookies';

describe('the cookies for a purpose', () => {
  it.each([
    ['open-xchange-public-session-a=1; open-xchange-session-b=2;open-xchange-public-session-c=3', ['1', '3']],
    ['open-xchange-public-session-a=1; open-xchange-public-session-a=2', []],
    ['x=open-xchange-public-session-a=1; open-xchange-public-session-a', []],
    ['; =; ;;', []],
    ['', []],
    [undefined, []],
  ])('are read from the header %j as %j', (header, values) => {
    expect(cookiesFor('public-session', header).map(([, value]) => value)).toEqual(values);
  });
});

describe('a cookie of the protocol', () => {
  const open = { httpOnly: false, secure: false, capitalized: false };

  it('has a name of its purpose and the hash of its client', () => {
    expect(cookieName('secret', '2H65ETpH7sX1kOWi6eyw')).toBe('open-xchange-secret-2H65ETpH7sX1kOWi6eyw');
    expect(cookieName('session', 'h')).toBe('open-xchange-session-h');
  });

  it.each([
    [Date.UTC(2011, 4, 24, 13, 28, 59), 'Tue, 24-May-2011 13:28:59 GMT'],
    [Date.UTC(2026, 0, 1), 'Thu, 01-Jan-2026 00:00:00 GMT'],
    [EXPIRED, 'Thu, 01-Jan-1970 00:00:10 GMT'],
  ])('writes the expiry time %d as %s', (time, text) => {
    expect(cookieDate(time)).toBe(text);
  });

  it.each([
    [EXPIRED, open, 'a=b; expires=Thu, 01-Jan-1970 00:00:10 GMT; path=/'],
    [undefined, open, 'a=b; path=/'],
    [undefined, { ...open, httpOnly: true }, 'a=b; path=/; HttpOnly'],
    [undefined, { ...open, secure: true }, 'a=b; path=/; Secure'],
    [EXPIRED, { ...open, capitalized: true }, 'a=b; Expires=Thu, 01-Jan-1970 00:00:10 GMT; Path=/'],
  ])('with expiry %p and attributes %j is set by %s', (expires, attributes, line) => {
    expect(cookieLine('a', 'b', expires, attributes)).toBe(line);
  });

  it.each([
    ['a=1', '1'],
    ['x=y; a=1; a=1', '1'],
    ['a=1; a=2', undefined],
    ['a=', ''],
    ['b=1', undefined],
    [undefined, undefined],
  ])('has in the Cookie header %j the value %j', (header, value) => {
    expect(cookieValue(header, 'a')).toBe(value);
  });
});
