import { checkedFilter } from '../../lib/store/store';

describe('checkedFilter', () => {
  it('returns the conditions of the filter without unknown properties', () => {
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
  ])('throws invalid-request with the field if %s is %j', (field, value) => {
    expect(() => checkedFilter({ [field]: value })).toThrow(
      expect.objectContaining({ code: 'invalid-request', field }),
    );
  });
});
