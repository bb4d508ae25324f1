import { paged, sessionQuery } from '../../../lib/protocols/abp/session-query';
import { withoutSecret } from '../../../lib/session/session';
import { aSession } from '../../support/sessions';

const read = (query: string) => sessionQuery({ url: `/sessions?${query}` });

describe('the query of a list', () => {
  it.each(['', 'unknown=1&unknown=2', 'sorting=&userId=&skipCount=&maxResultCount=', 'extraProperties[a]=b'])(
    'requests the ten sessions that were used last if it is %j',
    (query) => {
      expect(read(query)).toEqual({
        filter: {},
        order: { by: 'lastAccessed', descending: true },
        skip: 0,
        take: 10,
      });
    },
  );

  it('may be missing', () => {
    expect(sessionQuery({ url: '/sessions' })).toEqual(read(''));
  });

  it.each([
    'tenantId=acme&userId=al%20ice&device=Web&clientId=mail&skipCount=20&maxResultCount=5',
    'TenantId=acme&UserId=al+ice&Device=Web&ClientId=mail&SkipCount=20&MaxResultCount=5',
  ])('filters and pages, with names in any case: %s', (query) => {
    expect(read(query)).toMatchObject({
      filter: { tenantId: 'acme', userId: 'al ice', device: 'Web', clientId: 'mail' },
      skip: 20,
      take: 5,
    });
  });

  it.each([
    ['lastAccessed desc', 'lastAccessed', true],
    ['signedIn asc', 'signedIn', false],
    ['device', 'device', false],
    ['deviceInfo DESC', 'deviceInfo', true],
    ['LastAccessed Desc', 'lastAccessed', true],
    ['  signedIn   desc ', 'signedIn', true],
  ] as const)('sorts by the text %j', (words, by, descending) => {
    expect(read(`sorting=${encodeURIComponent(words)}`).order).toEqual({ by, descending });
  });

  it.each([
    'userId',
    'id',
    'secretHash desc',
    'signedIn descending',
    'signedIn desc, device',
    'signedIn desc; drop table identity_sessions',
    'signed_in',
    'signedIn\0',
    'constructor',
    '__proto__ desc',
    '(select 1)',
    'desc',
  ])('is rejected with the sorting %j', (words) => {
    expect(() => read(`sorting=${encodeURIComponent(words)}`)).toThrow(
      expect.objectContaining({ code: 'invalid-request', field: 'sorting' }),
    );
  });

  it.each([
    ['userId=a&userId=b', 'userId'],
    ['userId=a&UserId=b', 'userId'],
    ['userId[]=a', 'userId'],
    ['userId%5Bin%5D=a', 'userId'],
    ['tenantId[$ne]=acme', 'tenantId'],
    ['userId=a%00', 'userId'],
    [`device=${'x'.repeat(65)}`, 'device'],
    [`clientId=${'x'.repeat(65)}`, 'clientId'],
    ['sorting=device&sorting=device', 'sorting'],
    ['skipCount=-1', 'skipCount'],
    ['skipCount=100001', 'skipCount'],
    ['skipCount=1e3', 'skipCount'],
    ['skipCount=99999999999999999999', 'skipCount'],
    ['skipCount=0x10', 'skipCount'],
    ['maxResultCount=0', 'maxResultCount'],
    ['maxResultCount=1001', 'maxResultCount'],
    ['maxResultCount=1.5', 'maxResultCount'],
    ['maxResultCount=ten', 'maxResultCount'],
    ['maxResultCount=1&maxResultCount=1', 'maxResultCount'],
  ])('is rejected with %s', (query, field) => {
    expect(() => read(query)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        field,
        message: expect.stringContaining(`"${field}"`),
      }),
    );
  });
});

describe('a query on a complete list', () => {
  const all = [3, 1, 2, 5, 4].map((hour) =>
    withoutSecret(
      aSession(hour, {
        sessionId: String(hour).repeat(32),
        device: hour % 2 ? 'Web' : 'OAuth',
        clientId: `c${hour}`,
      }),
    ),
  );
  const hours = (query: string) => {
    const { items, totalCount } = paged(all, read(query));
    return [items.map(({ signedIn }) => signedIn), totalCount];
  };

  it('sorts before it pages', () => {
    expect(hours('sorting=signedIn&maxResultCount=2')).toEqual([[1, 2], 5]);
    expect(hours('sorting=signedIn&maxResultCount=2&skipCount=2')).toEqual([[3, 4], 5]);
    expect(hours('sorting=signedIn&maxResultCount=2&skipCount=4')).toEqual([[5], 5]);
    expect(hours('sorting=signedIn&skipCount=5')).toEqual([[], 5]);
  });

  it('filters before it counts', () => {
    expect(hours('device=Web')).toEqual([[5, 3, 1], 3]);
    expect(hours('device=OAuth&clientId=c2')).toEqual([[2], 1]);
    expect(hours('device=Mobile')).toEqual([[], 0]);
  });

  it('does not change the list', () => {
    const before = [...all];
    paged(all, read('sorting=signedIn'));
    expect(all).toEqual(before);
  });
});
