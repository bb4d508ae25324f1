import { checkedFilter } from '../../lib/store/store';

describe('a filter', () => {
  it('is what it says, and nothing else', () => {
    const filter = { tenantId: 'acme', userId: 'alice', device: 'Web', clientId: 'mail' };
    expect(checkedFilter({ ...filter, sql: '1 = 1' } as never)).toEqual(filter);
    expect(checkedFilter({ tenantId: null })).toEqual({ tenantId: null });
    expect(checkedFilter({})).toEqual({});
  });

  it.each([
    ['tenantId', ''],
    ['tenantId', 'x'.repeat(256)],
    ['userId', null],
    ['userId', 'x'.repeat(256)],
    ['device', 'x'.repeat(65)],
    ['device', 'a\0'],
    ['clientId', ['mail']],
    ['clientId', { like: '%' }],
  ])('is refused when %s is %j', (field, value) => {
    expect(() => checkedFilter({ [field]: value })).toThrow(
      expect.objectContaining({ code: 'invalid-request', field }),
    );
  });
});
