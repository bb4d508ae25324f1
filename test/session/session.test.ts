import { currentIpAddress, sameOwner, withoutSecret } from '../../lib/session/session';
import { aSession } from '../support/sessions';

describe('withoutSecret', () => {
  it('returns all fields except the hash of the secret', () => {
    const stored = aSession(0);
    const { secretHash, ...rest } = stored;
    expect(withoutSecret(stored)).toEqual(rest);
    expect(JSON.stringify(withoutSecret(stored))).not.toContain(secretHash);
  });

  it('returns the session as it is after the use', () => {
    expect(withoutSecret(aSession(0), 5, ['198.51.100.7'])).toMatchObject({
      lastAccessed: 5,
      ipAddresses: ['192.0.2.1', '198.51.100.7'],
    });
  });

  it('returns a copy', () => {
    const stored = aSession(0);
    expect(withoutSecret(stored)).not.toBe(stored);
  });
});

describe('currentIpAddress', () => {
  it('returns the newest address, or null if there is no address', () => {
    expect(currentIpAddress(aSession(0, { ipAddresses: ['192.0.2.1', '192.0.2.2'] }))).toBe('192.0.2.2');
    expect(currentIpAddress(aSession(0, { ipAddresses: [] }))).toBeNull();
  });
});

describe('sameOwner', () => {
  it('returns true only for the same user in the same tenant', () => {
    expect(sameOwner({ tenantId: null, userId: 'a' }, { tenantId: null, userId: 'a' })).toBe(true);
    expect(sameOwner({ tenantId: null, userId: 'a' }, { tenantId: 't', userId: 'a' })).toBe(false);
    expect(sameOwner({ tenantId: 't', userId: 'a' }, { tenantId: 't', userId: 'A' })).toBe(false);
  });
});
