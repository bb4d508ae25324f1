import {
  checkedOwner,
  checkedRevocation,
  covers,
  displacedBy,
  everySessionOf,
  keptId,
  otherSessionsOf,
  sessionsOf,
} from '../../lib/session/revocation';
import { ALICE, BOB, aSession } from '../support/sessions';

const session = aSession(0);
const dashed = session.sessionId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const invalid = (field: string) => expect.objectContaining({ code: 'invalid-request', field });

describe('covers', () => {
  it('returns true only for the named sessions of the owner', () => {
    expect(covers(sessionsOf(ALICE, [session.sessionId]), session)).toBe(true);
    expect(covers(sessionsOf(ALICE, []), session)).toBe(false);
    expect(covers(sessionsOf(BOB, [session.sessionId]), session)).toBe(false);
    expect(covers(sessionsOf({ ...ALICE, tenantId: 'acme' }, [session.sessionId]), session)).toBe(false);
  });

  it('returns true for all sessions of the owner, or for all except one', () => {
    expect(covers(everySessionOf(ALICE), session)).toBe(true);
    expect(covers(everySessionOf(BOB), session)).toBe(false);
    expect(covers(otherSessionsOf(ALICE, session.sessionId), session)).toBe(false);
    expect(covers(otherSessionsOf(ALICE, 'another'), session)).toBe(true);
  });

  it('returns true only for sessions of the named device type', () => {
    expect(covers({ owner: ALICE, device: 'Web' }, session)).toBe(true);
    expect(covers({ owner: ALICE, device: 'Mobile' }, session)).toBe(false);
  });
});

describe('everySessionOf', () => {
  it('takes only the owner from a session', () => {
    expect(everySessionOf(session)).toEqual({ owner: ALICE });
  });
});

describe('checkedRevocation', () => {
  it('returns ids and owners in the form that stores use', () => {
    expect(checkedRevocation(sessionsOf(ALICE, [dashed, 'junk']))).toEqual({
      owner: ALICE,
      only: [session.sessionId, ''],
    });
    expect(checkedRevocation(otherSessionsOf(ALICE, dashed))).toEqual({
      owner: ALICE,
      except: session.sessionId,
    });
    expect(checkedRevocation({ owner: { userId: 'alice' }, device: 'Web' })).toEqual({
      owner: ALICE,
      device: 'Web',
    });
  });

  it('throws invalid-request for an invalid kept session, device or owner', () => {
    expect(() => checkedRevocation(otherSessionsOf(ALICE, 'junk'))).toThrow(invalid('except'));
    expect(() => checkedRevocation({ owner: ALICE, device: '' })).toThrow(invalid('device'));
    expect(() => checkedRevocation({ owner: { userId: '' } })).toThrow(invalid('userId'));
    expect(() => checkedOwner({ tenantId: '', userId: 'alice' })).toThrow(invalid('tenantId'));
  });

  it.each([
    ['an id', /`manager.revoke\(sessionsOf\(owner, \[id\]\)\)`, or `manager.administration.revoke\(id\)`/],
    [undefined, /`revoke` was called with undefined/],
    [{}, /the owner must be an object with a `userId`/],
    [{ owner: 'alice' }, /the owner must be an object with a `userId`/],
    [{ owner: ALICE, onyl: [dashed] }, /no `onyl`/],
    [{ owner: ALICE, only: undefined }, /`only` is undefined/],
    [{ owner: ALICE, only: dashed }, /`only` must be a list of ids/],
    [{ owner: ALICE, except: undefined }, /`except` is undefined/],
    [{ owner: ALICE, device: undefined }, /`device` is undefined/],
  ])('throws a TypeError for %j, which could end more sessions than meant', (given, said) => {
    expect(() => checkedRevocation(given as never)).toThrow(TypeError);
    expect(() => checkedRevocation(given as never)).toThrow(said);
  });
});

describe('keptId', () => {
  it('returns the id in the form that stores use, or throws invalid-request with the name of the field', () => {
    expect(keptId('keep', dashed.toUpperCase())).toBe(session.sessionId);
    expect(() => keptId('keep', null)).toThrow(invalid('keep'));
  });
});

describe('displacedBy', () => {
  const older = aSession(0);
  const mobile = aSession(0, { device: 'Mobile' });
  const foreign = aSession(0, { userId: 'bob' });

  it.each([
    ['Disabled', []],
    ['LogoutFromSameTypeDevices', [older]],
    ['LogoutFromAllDevices', [older, mobile]],
  ] as const)('with %s returns a revocation of the sessions that the rule displaces', (rule, expected) => {
    const displaced = displacedBy(session, rule);
    const gone = [older, mobile, foreign, session].filter((each) => displaced && covers(displaced, each));
    expect(gone).toEqual(expected);
  });
});
