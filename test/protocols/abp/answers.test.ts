import { PRIVATE } from '../../../lib/http/rest';
import { answer, DONE } from '../../../lib/protocols/abp/answers';

describe('answer()', () => {
  it('keeps the response from caches and from pages of other origins', () => {
    expect(answer({ a: 1 })).toEqual({ status: 200, headers: PRIVATE, cookies: [], body: { a: 1 } });
    expect(DONE).toEqual({ status: 204, headers: PRIVATE, cookies: [] });
  });
});
