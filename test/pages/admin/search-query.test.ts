import { adminQuery, isFull, linkTo, searchOf } from '../../../lib/pages/admin/search-query';

const read = (query: string) => adminQuery({ url: `/?${query}` });

describe('the search of administrators', () => {
  it('has no conditions and the newest sign-in first without a query', () => {
    expect(searchOf(read(''))).toEqual({ order: [{ by: 'signedIn', descending: true }], take: 50 });
  });

  it('has a condition for each field that is not empty', () => {
    expect(searchOf(read('user=+alice+&tenant=acme&device=Web&client='))).toMatchObject({
      userId: 'alice',
      tenantId: 'acme',
      device: 'Web',
    });
    expect(searchOf(read('client='))).not.toHaveProperty('clientId');
    expect(searchOf(read('state=ended'))).toMatchObject({ state: 'ended' });
    expect(searchOf(read('state=gone'))).not.toHaveProperty('state');
  });

  it.each([
    ['sort=signedIn&after=x&page=2', { after: 'x' }],
    ['sort=userId&after=x&page=2', { skip: 100, order: [{ by: 'userId', descending: false }] }],
    ['sort=nonsense&page=-1', { order: [{ by: 'signedIn', descending: true }] }],
  ])('continues by positions or by numbers: %s', (query, expected) => {
    expect(searchOf(read(query))).toMatchObject(expected);
    expect(searchOf(read(query))).not.toMatchObject({ after: 'x', skip: 100 });
  });

  it('keeps its fields in links to other pages', () => {
    expect(linkTo(read('user=a%26b&sort=userId'), { page: 3 })).toBe(
      '?user=a%26b&state=live&sort=userId&page=3',
    );
    expect(linkTo(read('after=x'), { after: '' })).toBe('?state=live&sort=signedIn');
  });

  it('may have a next page only if this page is full', () => {
    expect([isFull(49), isFull(50)]).toEqual([false, true]);
  });
});
