import { ownSearch, sessionQuery } from '../../../lib/protocols/abp/session-query';

const read = (query: string) => sessionQuery({ url: `/sessions?${query}` });

describe('the query of a list', () => {
  it.each(['', 'unknown=1&unknown=2', 'sorting=&userId=&skipCount=&maxResultCount=', 'extraProperties[a]=b'])(
    'requests the ten sessions that were used last if it is %j',
    (query) => {
      expect(read(query)).toEqual({
        filter: {},
        order: [{ by: 'lastAccessed', descending: true }],
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
    ['userName', 'userId', false],
    ['ClientId desc', 'clientId', true],
    ['ipAddresses', 'ipAddresses', false],
  ] as const)('sorts by the text %j', (words, by, descending) => {
    expect(read(`sorting=${encodeURIComponent(words)}`).order).toEqual([{ by, descending }]);
  });

  it('sorts by several columns in their order', () => {
    expect(read('sorting=LastAccessed%20DESC,Device,userName%20asc').order).toEqual([
      { by: 'lastAccessed', descending: true },
      { by: 'device', descending: false },
      { by: 'userId', descending: false },
    ]);
  });

  it.each([
    'userId',
    'id',
    'secretHash desc',
    'signedIn descending',
    'signedIn desc, secretHash',
    'signedIn desc,',
    'signedIn device',
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

describe('ownSearch', () => {
  it('reads the page, the order, the device and the client, and ignores the user and the tenant', () => {
    const url =
      '/?userId=bob&tenantId=acme&device=OAuth&clientId=c1&sorting=signedIn&skipCount=5&maxResultCount=2';
    expect(ownSearch({ url })).toEqual({
      device: 'OAuth',
      clientId: 'c1',
      order: [{ by: 'signedIn', descending: false }],
      skip: 5,
      take: 2,
    });
    expect(ownSearch({ url: '/' })).toMatchObject({
      order: [{ by: 'lastAccessed', descending: true }],
      skip: 0,
      take: 10,
    });
  });
});
