import { scopeText } from '../../../lib/store/postgres/epochs';

describe('scopeText', () => {
  it('returns different texts for all sessions, for those without a tenant, and for each tenant of any name', () => {
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
