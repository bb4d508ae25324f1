import { answersOf, DONE, redirected } from '../../../lib/protocols/open-xchange/answers';

const HEADERS = {
  Expires: 'Sat, 06 May 1995 12:00:00 GMT',
  'Content-Type': 'text/javascript; charset=UTF-8',
  Pragma: 'no-cache',
  'Cache-Control': 'no-store, post-check=0, pre-check=0',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

describe('the answers', () => {
  const { answer, emptyAnswer } = answersOf({ contentType: 'text/javascript; charset=UTF-8' });

  it('have status 200 and forbid caches to store them', () => {
    expect(answer(DONE, ['a=b'])).toEqual({
      status: 200,
      headers: HEADERS,
      cookies: ['a=b'],
      body: { data: '1' },
    });
  });

  it('have no body if they are emptyAnswer', () => {
    expect(emptyAnswer(403)).toEqual({ status: 403, headers: HEADERS, cookies: [], body: undefined });
  });
  it('can redirect to a location', () => {
    expect(redirected(emptyAnswer(200), '/appsuite/#a=b')).toEqual({
      status: 302,
      headers: { ...HEADERS, Location: '/appsuite/#a=b' },
      cookies: [],
      body: undefined,
    });
  });
});
