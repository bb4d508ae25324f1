import {
  covers,
  displacedBy,
  everySessionOf,
  otherSessionsOf,
  sessionsOf,
} from '../../lib/session/revocation';
import { ALICE, BOB, aSession } from '../support/sessions';

const session = aSession(0);

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
