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

describe('a revocation', () => {
  it('covers what it names, of its owner alone', () => {
    expect(covers(sessionsOf(ALICE, [session.sessionId]), session)).toBe(true);
    expect(covers(sessionsOf(ALICE, []), session)).toBe(false);
    expect(covers(sessionsOf(BOB, [session.sessionId]), session)).toBe(false);
    expect(covers(sessionsOf({ ...ALICE, tenantId: 'acme' }, [session.sessionId]), session)).toBe(false);
  });

  it('covers everything of its owner, or all but one', () => {
    expect(covers(everySessionOf(ALICE), session)).toBe(true);
    expect(covers(everySessionOf(BOB), session)).toBe(false);
    expect(covers(otherSessionsOf(ALICE, session.sessionId), session)).toBe(false);
    expect(covers(otherSessionsOf(ALICE, 'another'), session)).toBe(true);
  });

  it('covers one kind of device', () => {
    expect(covers({ owner: ALICE, device: 'Web' }, session)).toBe(true);
    expect(covers({ owner: ALICE, device: 'Mobile' }, session)).toBe(false);
  });

  it('takes from a session who its owner is, and nothing else', () => {
    expect(everySessionOf(session)).toEqual({ owner: ALICE });
  });
});

describe('a revocation that an app gives', () => {
  it('is put into the writing of the stores', () => {
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

  it('is refused when it spares what is no session, or is of nobody', () => {
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
  ])('is none, rather than one of more sessions, when it is %j', (given, said) => {
    expect(() => checkedRevocation(given as never)).toThrow(TypeError);
    expect(() => checkedRevocation(given as never)).toThrow(said);
  });

  it('says what the app calls the session that it spares', () => {
    expect(keptId('keep', dashed.toUpperCase())).toBe(session.sessionId);
    expect(() => keptId('keep', null)).toThrow(invalid('keep'));
  });
});

describe('a sign-in', () => {
  const older = aSession(0);
  const mobile = aSession(0, { device: 'Mobile' });
  const foreign = aSession(0, { userId: 'bob' });

  it.each([
    ['Disabled', []],
    ['LogoutFromSameTypeDevices', [older]],
    ['LogoutFromAllDevices', [older, mobile]],
  ] as const)('under %s displaces what the rule says', (rule, expected) => {
    const displaced = displacedBy(session, rule);
    const gone = [older, mobile, foreign, session].filter((each) => displaced && covers(displaced, each));
    expect(gone).toEqual(expected);
  });
});
