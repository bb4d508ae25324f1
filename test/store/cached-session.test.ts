import { mintSecret } from '../../lib/session/credentials';
import { firstSecret } from '../../lib/session/secret-rotation';
import { activeUntil, stage } from '../../lib/session/lifetimes';
import {
  afterUse,
  copyOf,
  currentIpAddress,
  withoutSecret,
  type StoredSession,
} from '../../lib/session/session';
import { CachedSession } from '../../lib/store/cached-session';
import { DAY, HOUR, LIFETIMES, ROTATION, aSession } from '../support/sessions';

const RULES = { lifetimes: LIFETIMES, rotation: ROTATION };

const entryOf = (session: StoredSession) => new CachedSession(session, RULES);

const FULL: Partial<StoredSession> = {
  knownDevice: 'ab'.repeat(32),
  secretFamily: 'f'.repeat(16),
  secretIssuedAt: 1,
  secretGivenAgain: 2,
  secretSalt: '5a'.repeat(16),
  secretConfirmedAt: 3,
  earlierSecretHashes: 'e'.repeat(64),
  earlierAssurance: { acr: 'low' },
  tenantId: 'acme',
  clientId: 'mail-app',
  actor: 'support',
  clientHints: { platform: 'Windows', brands: [{ name: 'Edge', version: '140' }] },
  ipAddresses: ['192.0.2.1', '2001:db8::1'],
  staySignedIn: true,
  idleTimeout: 90_000,
  lastAccessed: 5,
  extraProperties: { theme: 'dark' },
  data: { draft: 'text' },
  protocolData: { openXchange: { hash: 'x' } },
  authId: 'login-1',
  node: 'one',
  endedAt: 7,
  endReason: 'revoked',
  endedBy: 'alice',
  name: 'Kitchen tablet',
};

describe('CachedSession', () => {
  it.each<[string, Partial<StoredSession>]>([
    ['with all fields', FULL],
    ['without optional fields', {}],
    ['without an address', { ipAddresses: [], signInAddress: null }],
  ])('has every field of a session %s', (_, fields) => {
    const session = aSession(0, fields);
    expect(copyOf(entryOf(session))).toEqual(session);
    expect(withoutSecret(entryOf(session))).toEqual(withoutSecret(session));
  });

  it.each(Object.keys(FULL) as (keyof StoredSession)[])(
    'keeps %s apart from that of other sessions',
    (name) => {
      const [one, other] = [aSession(0, FULL), aSession(0, { ...FULL, [name]: aSession(0)[name] })];
      const [first, second] = [entryOf(one), entryOf(other)];
      expect(first[name]).toEqual(one[name]);
      expect(second[name]).toEqual(other[name]);
    },
  );

  it('records uses in place, as afterUse does in a copy', () => {
    const uses = [
      { at: 6, ipAddresses: [], node: 'two' },
      { at: 8, ipAddresses: ['198.51.100.7'] },
      { at: 7, ipAddresses: [], node: 'three' },
      { at: 8, ipAddresses: ['192.0.2.1', '198.51.100.8'], node: null },
    ];
    let expected: StoredSession = aSession(0, { lastAccessed: 5, node: 'one' });
    const entry = entryOf(expected);
    for (const use of uses) {
      entry.record(use);
      expected = afterUse(expected, use);
      expect(copyOf(entry)).toEqual(expected);
      expect(currentIpAddress(entry)).toBe(currentIpAddress(expected));
    }
  });

  it('keeps the addresses of sessions apart that had the same single address', () => {
    const [one, other] = [entryOf(aSession(0)), entryOf(aSession(1))];
    one.record({ at: 6, ipAddresses: ['198.51.100.7'] });
    expect(one.ipAddresses).toEqual(['192.0.2.1', '198.51.100.7']);
    expect(other.ipAddresses).toEqual(['192.0.2.1']);
  });

  it('has nothing due while the session is active, and never if it has ended or has a defect', () => {
    const session = aSession(0, { lastAccessed: HOUR / 2 });
    const { nothingDueBefore } = entryOf(session);
    expect(nothingDueBefore).toBe(activeUntil(session, LIFETIMES));
    expect(stage(session, LIFETIMES, nothingDueBefore - 1)).toBe('active');
    expect(stage(session, LIFETIMES, nothingDueBefore)).not.toBe('active');
    for (const fields of [{ endedAt: DAY }, { defect: new Error() }]) {
      expect(entryOf(aSession(0, fields)).nothingDueBefore).toBe(-Infinity);
    }
  });

  it('is due when its secret is, if that is earlier', () => {
    const long = { lifetimes: { ...LIFETIMES, short: 9 * DAY }, rotation: ROTATION };
    const rotating = aSession(0, firstSecret(mintSecret()));
    expect(new CachedSession(rotating, long).nothingDueBefore).toBe(DAY);
    const open = { ...rotating, secretIssuedAt: HOUR, earlierSecretHashes: 'e'.repeat(32) };
    expect(new CachedSession(open, long).nothingDueBefore).toBe(HOUR + ROTATION.rotationGrace);
    expect(new CachedSession({ ...open, secretConfirmedAt: 1 }, long).nothingDueBefore).toBe(HOUR + DAY);
    expect(new CachedSession(aSession(0), long).nothingDueBefore).toBe(9 * DAY);
  });

  it('computes the time again after uses, on request', () => {
    const entry = entryOf(aSession(0));
    entry.record({ at: HOUR / 2, ipAddresses: [] });
    expect(entry.nothingDueBefore).toBe(HOUR);
    entry.renew(RULES);
    expect(entry.nothingDueBefore).toBe(1.5 * HOUR);
  });
});
