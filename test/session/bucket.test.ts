import { BUCKETS, bucketIn, ownerBucket, withBucket } from '../../lib/session/bucket';

describe('ownerBucket', () => {
  it('returns the first twelve bits of the SHA-256 of tenant and user', () => {
    // Computed with: printf 'acme\037alice' | openssl dgst -sha256, and printf '\037alice' | openssl dgst -sha256
    expect(ownerBucket({ tenantId: 'acme', userId: 'alice' })).toBe(0x335);
    expect(ownerBucket({ userId: 'alice' })).toBe(0x667);
    expect(ownerBucket({ tenantId: null, userId: 'alice' })).toBe(0x667);
  });

  it('spreads users over all buckets', () => {
    const buckets = Array.from({ length: 100_000 }, (_, user) => ownerBucket({ userId: `user ${user}` }));
    expect(new Set(buckets).size).toBe(BUCKETS);
    expect(Math.max(...buckets)).toBe(BUCKETS - 1);
  });
});

describe('withBucket', () => {
  it('returns an id that names the bucket of its owner and is otherwise the same', () => {
    const id = '018f0d2c7f5a7e3b9c1d0123456789ab';
    for (const userId of ['alice', 'bob', 'ü', '😀']) {
      const named = withBucket(id, { userId });
      expect(bucketIn(named)).toBe(ownerBucket({ userId }));
      expect(named.slice(0, 13) + id.slice(13, 16) + named.slice(16)).toBe(id);
    }
  });
});
