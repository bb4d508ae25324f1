import { ownerLock } from '../../../lib/store/postgres/owner-lock';

describe('ownerLock()', () => {
  it('returns the same number in every process', () => {
    expect(ownerLock({ tenantId: 'acme', userId: 'alice' })).toBe(-3488586263933910051n);
  });

  it('returns the same number for a user without a tenant in both spellings', () => {
    expect(ownerLock({ userId: 'alice' })).toBe(ownerLock({ tenantId: null, userId: 'alice' }));
  });

  it('returns different numbers for different owners', () => {
    const owners = [
      { userId: 'alice' },
      { userId: 'bob' },
      { tenantId: 'acme', userId: 'alice' },
      { tenantId: 'alice', userId: 'acme' },
    ];
    expect(new Set(owners.map(ownerLock)).size).toBe(owners.length);
  });

  it('returns a number in the range of bigint', () => {
    for (let user = 0; user < 100; user++) {
      const lock = ownerLock({ userId: `user ${user}` });
      expect(BigInt.asIntN(64, lock)).toBe(lock);
    }
  });
});
