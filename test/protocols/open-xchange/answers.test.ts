import { answer, emptyAnswer, DONE } from '../../../lib/protocols/open-xchange/answers';

const HEADERS = {
  Expires: 'Sat, 06 May 1995 12:00:00 GMT',
  'Content-Type': 'text/javascript; charset=UTF-8',
  Pragma: 'no-cache',
  'Cache-Control': 'post-check=0, pre-check=0',
};

describe('an answer', () => {
  it('has status 200, and is kept by nobody', () => {
    expect(answer(DONE, ['a=b'])).toEqual({
      status: 200,
      headers: HEADERS,
      cookies: ['a=b'],
      body: { data: '1' },
    });
  });

  it('that is emptyAnswer says nothing but its status', () => {
    expect(emptyAnswer(403)).toEqual({ status: 403, headers: HEADERS, cookies: [], body: undefined });
  });
});
