import fc from 'fast-check';

import { activeUntil, cutoffs, expiresAt, isLive, stage, withIdleTimeout } from '../../lib/session/lifetimes';
import { satisfies } from '../support/compliance';
import { DAY, HOUR, LIFETIMES, aSession } from '../support/sessions';

const SIGNED_IN = Date.UTC(2026, 0, 15, 12);

describe('stage and expiresAt of a session that stays signed in', () => {
  const session = aSession(SIGNED_IN, { staySignedIn: true });

  it.each([
    [0, 'active'],
    [HOUR - 1, 'active'],
    [HOUR, 'hibernating'],
    [7 * DAY - 1, 'hibernating'],
    [7 * DAY, 'ended'],
  ])('%d ms after the last use: the stage is %s', (idle, expected) => {
    expect(stage(session, LIFETIMES, SIGNED_IN + idle)).toBe(expected);
    const used = { ...session, lastAccessed: SIGNED_IN + DAY };
    expect(stage(used, LIFETIMES, SIGNED_IN + DAY + idle)).toBe(expected);
  });

  it('ends the session after the short lifetime if autologin is off', () => {
    expect(stage(session, { ...LIFETIMES, autologin: false }, SIGNED_IN + HOUR)).toBe('ended');
  });

  it('returns the long lifetime after the last use as the expiry', () => {
    expect(expiresAt({ ...session, lastAccessed: SIGNED_IN + 5 }, LIFETIMES)).toBe(SIGNED_IN + 5 + 7 * DAY);
  });
});

describe('stage and expiresAt of a session that does not stay signed in', () => {
  const session = aSession(SIGNED_IN);

  it('ends the session after the short lifetime', () => {
    expect(stage(session, LIFETIMES, SIGNED_IN + HOUR - 1)).toBe('active');
    expect(stage(session, LIFETIMES, SIGNED_IN + HOUR)).toBe('ended');
    expect(expiresAt(session, LIFETIMES)).toBe(SIGNED_IN + HOUR);
  });
});

describe('stage and expiresAt of a session with an idle timeout of the policy', () => {
  it.each([
    ['shorter than the short lifetime', HOUR / 2, HOUR / 2],
    ['longer than the short lifetime', DAY, DAY],
    ['longer than the long lifetime', 8 * DAY, 7 * DAY],
  ])('end it after this timeout if it is %s, but not later than the long lifetime', (_, idleTimeout, end) => {
    const session = aSession(SIGNED_IN, { idleTimeout });
    expect(stage(session, LIFETIMES, SIGNED_IN + end - 1)).toBe('active');
    expect(stage(session, LIFETIMES, SIGNED_IN + end)).toBe('ended');
    expect(expiresAt(session, LIFETIMES)).toBe(SIGNED_IN + end);
  });

  it('ignore it for a session that stays signed in', () => {
    const session = withIdleTimeout(aSession(SIGNED_IN, { staySignedIn: true }), 60_000);
    expect(session.idleTimeout).toBeNull();
    expect(stage(session, LIFETIMES, SIGNED_IN + HOUR)).toBe('hibernating');
  });
});

describe('stage and expiresAt with an absolute lifetime', () => {
  const lifetimes = { ...LIFETIMES, absolute: 2 * HOUR };

  it(
    satisfies(
      'ends a session that is in use when the absolute lifetime is over',
      'ASVS 7.3.2',
      'NIST 5.2',
      'NIST 5.1.1 expiry',
    ),
    () => {
      const session = aSession(SIGNED_IN, { lastAccessed: SIGNED_IN + 2 * HOUR - 1 });
      expect(stage(session, lifetimes, SIGNED_IN + 2 * HOUR - 1)).toBe('active');
      expect(stage(session, lifetimes, SIGNED_IN + 2 * HOUR)).toBe('ended');
    },
  );

  it('returns the end of the absolute lifetime as the expiry if it comes first', () => {
    const session = aSession(SIGNED_IN, { lastAccessed: SIGNED_IN + 2 * HOUR - 1 });
    expect(expiresAt(session, lifetimes)).toBe(SIGNED_IN + 2 * HOUR);
  });
});

describe('the absolute lifetime of a session whose user was authenticated at another time', () => {
  const lifetimes = { ...LIFETIMES, absolute: 3 * HOUR };

  it.each([
    ['two hours before the sign-in, by an identity provider', SIGNED_IN - 2 * HOUR],
    ['again, an hour after the sign-in', SIGNED_IN + HOUR],
  ])(
    satisfies('counts from the authentication: %s', 'ASVS 7.1.3', 'ASVS 7.6.1', 'NIST 5.1.2 tokens'),
    (_, authenticatedAt) => {
      const over = authenticatedAt + 3 * HOUR;
      const session = aSession(SIGNED_IN, { authenticatedAt, lastAccessed: over - 1 });
      expect(stage(session, lifetimes, over - 1)).toBe('active');
      expect(stage(session, lifetimes, over)).toBe('ended');
      expect(expiresAt(session, lifetimes)).toBe(over);
      expect(activeUntil(session, { ...lifetimes, short: DAY })).toBe(over);
    },
  );

  it('counts from the sign-in if the time of the authentication is unknown', () => {
    const session = aSession(SIGNED_IN, { authenticatedAt: null, lastAccessed: SIGNED_IN + 3 * HOUR - 1 });
    expect(expiresAt(session, lifetimes)).toBe(SIGNED_IN + 3 * HOUR);
  });
});

describe('stage and expiresAt of a session that was ended', () => {
  it('returns ended for a session that was used just before, and its end as the expiry', () => {
    const session = aSession(SIGNED_IN, { lastAccessed: SIGNED_IN, endedAt: SIGNED_IN });
    expect(stage(session, LIFETIMES, SIGNED_IN)).toBe('ended');
    expect(expiresAt(session, LIFETIMES)).toBe(SIGNED_IN);
  });
});

describe('cutoffs', () => {
  it('decide which sessions are live as stage() does, for every session', () => {
    const time = fc.integer({ min: 0, max: 20 * DAY });
    fc.assert(
      fc.property(
        fc.record({
          signedIn: time,
          authenticatedAt: fc.option(time),
          lastAccessed: fc.option(time),
          staySignedIn: fc.boolean(),
          endedAt: fc.option(time),
        }),
        fc.record({
          short: time,
          long: time,
          absolute: fc.oneof(time, fc.constant(Infinity)),
          autologin: fc.boolean(),
        }),
        time,
        fc.option(time, { nil: undefined }),
        (stored, lifetimes, now, idleTimeout) => {
          fc.pre(lifetimes.long >= lifetimes.short);
          const session = withIdleTimeout(stored, idleTimeout);
          const points = cutoffs(lifetimes, now, idleTimeout);
          expect(isLive(session, points)).toBe(stage(session, lifetimes, now) !== 'ended');
        },
      ),
    );
  });
});
