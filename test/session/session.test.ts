import {
  actingUser,
  afterUse,
  currentIpAddress,
  ownerKey,
  sameOwner,
  withoutSecret,
  type Use,
} from '../../lib/session/session';
import { aSession } from '../support/sessions';

describe('withoutSecret', () => {
  it('returns all fields except what is kept about secrets and devices', () => {
    const kept = {
      secretFamily: '1f'.repeat(16),
      secretSalt: '5a'.repeat(16),
      earlierSecretHashes: 'ea'.repeat(32),
      knownDevice: 'ab'.repeat(32),
      boundKey: 'cd.ef',
    };
    const stored = aSession(0, kept);
    const seen = Object.keys(stored).filter((name) => !/secret|assurance|knownDevice|boundKey/i.test(name));
    expect(Object.keys(withoutSecret(stored)).sort()).toEqual(seen.sort());
    for (const hash of [stored.secretHash, ...Object.values(kept)]) {
      expect(JSON.stringify(withoutSecret(stored))).not.toContain(hash);
    }
  });

  it('returns a copy', () => {
    const stored = aSession(0);
    expect(withoutSecret(stored)).not.toBe(stored);
  });
});

describe('afterUse', () => {
  const used = (use: Partial<Use>) =>
    afterUse(aSession(0, { lastAccessed: 5, node: 'one' }), { at: 6, ipAddresses: [], ...use });

  it('moves the time forward and adds the addresses', () => {
    expect(used({ ipAddresses: ['198.51.100.7'], node: 'two' })).toMatchObject({
      lastAccessed: 6,
      ipAddresses: ['192.0.2.1', '198.51.100.7'],
      node: 'two',
    });
  });

  it('keeps time and node if the use is older than the last one', () => {
    expect(used({ at: 4, node: 'two' })).toMatchObject({ lastAccessed: 5, node: 'one' });
  });

  it('keeps the node if the use names no node', () => {
    expect(used({}).node).toBe('one');
  });
});

describe('actingUser', () => {
  it('is the actor of an impersonation, or else the owner', () => {
    expect(actingUser(aSession(0, { actor: 'support' }))).toBe('support');
    expect(actingUser(aSession(0))).toBe('alice');
  });
});

describe('currentIpAddress', () => {
  it('returns the newest address, or null if there is no address', () => {
    expect(currentIpAddress(aSession(0, { ipAddresses: ['192.0.2.1', '192.0.2.2'] }))).toBe('192.0.2.2');
    expect(currentIpAddress(aSession(0, { ipAddresses: [] }))).toBeNull();
  });
});

describe('ownerKey', () => {
  it('returns equal texts only for the same user in the same tenant', () => {
    expect(ownerKey({ userId: 'a' })).toBe(ownerKey({ tenantId: null, userId: 'a' }));
    const owners = [
      { userId: 'a' },
      { tenantId: 't', userId: 'a' },
      { tenantId: 'a', userId: 't' },
      { tenantId: 'ta', userId: '' },
    ];
    expect(new Set(owners.map(ownerKey)).size).toBe(owners.length);
  });
});

describe('sameOwner', () => {
  it('returns true only for the same user in the same tenant', () => {
    expect(sameOwner({ tenantId: null, userId: 'a' }, { tenantId: null, userId: 'a' })).toBe(true);
    expect(sameOwner({ tenantId: null, userId: 'a' }, { tenantId: 't', userId: 'a' })).toBe(false);
    expect(sameOwner({ tenantId: 't', userId: 'a' }, { tenantId: 't', userId: 'A' })).toBe(false);
  });
});
