import { keyedHash, mintKey } from '../../lib/session/keyed-hash';

describe('keyedHash', () => {
  const key = mintKey();

  it('returns the HMAC-SHA256 of the purpose and the value in hexadecimal', () => {
    // Computed with: printf 'account\0alice' | openssl dgst -sha256 -hmac key
    expect(keyedHash('key', 'account', 'alice')).toBe(
      '266fa8237daa2c31c178f0389d83e7bc08582d1055cb7ba78c3367ac17f3a638',
    );
  });

  it('returns the same hash for the same key, purpose and value, and different hashes otherwise', () => {
    expect(keyedHash(key, 'account', 'alice')).toBe(keyedHash(key, 'account', 'alice'));
    const different = [
      keyedHash(key, 'account', 'alice'),
      keyedHash(key, 'account', 'bob'),
      keyedHash(key, 'address', 'alice'),
      keyedHash(mintKey(), 'account', 'alice'),
    ];
    expect(new Set(different).size).toBe(4);
  });
});
