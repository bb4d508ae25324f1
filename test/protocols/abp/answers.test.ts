import { answer, DONE } from '../../../lib/protocols/abp/answers';

describe('answer()', () => {
  it('forbids caches to store the response', () => {
    const headers = { 'Cache-Control': 'no-store' };
    expect(answer({ a: 1 })).toEqual({ status: 200, headers, cookies: [], body: { a: 1 } });
    expect(DONE).toEqual({ status: 204, headers, cookies: [] });
  });
});
