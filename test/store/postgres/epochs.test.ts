import { scopeText } from '../../../lib/store/postgres/epochs';

describe('the scope of an epoch', () => {
  it('is a text of its own for everyone, for those without a tenant, and for each tenant, whatever it is called', () => {
    const scopes = [
      {},
      { tenantId: null },
      { tenantId: 'everyone' },
      { tenantId: 'no tenant' },
      { tenantId: 'acme' },
    ];
    expect(scopes.map(scopeText)).toEqual([
      'everyone',
      'no tenant',
      'tenant:everyone',
      'tenant:no tenant',
      'tenant:acme',
    ]);
  });
});
