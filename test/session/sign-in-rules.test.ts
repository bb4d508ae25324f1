import { checkedSignInRules, combinedSignInRules, countsWith } from '../../lib/session/sign-in-rules';

describe('checkedSignInRules', () => {
  it('sets no limit by default', () => {
    expect(checkedSignInRules()).toEqual({ preventConcurrentLogin: 'Disabled', limits: [] });
  });

  it('returns one limit for each number, with the sessions that it counts', () => {
    const rules = {
      maxSessionsPerUser: 5,
      maxSessionsPerDevice: 2,
      maxSessionsPerClient: 3,
      onLimit: 'refuse',
    } as const;
    expect(checkedSignInRules(rules).limits).toEqual([
      { per: 'client', max: 3, onLimit: 'refuse' },
      { per: 'device', max: 2, onLimit: 'refuse' },
      { per: 'user', max: 5, onLimit: 'refuse' },
    ]);
  });

  it('throws a TypeError that lists all invalid rules', () => {
    const wrong = { maxSessionsPerUser: 0, preventConcurrentLogin: 'Always', maxSessions: 3 } as never;
    expect(() => checkedSignInRules(wrong)).toThrow(TypeError);
    expect(() => checkedSignInRules(wrong)).toThrow(/`maxSessions`[^]*"Always"[^]*is 0/);
  });
});

describe('combinedSignInRules', () => {
  const rules = (preventConcurrentLogin: Parameters<typeof checkedSignInRules>[0]) =>
    checkedSignInRules(preventConcurrentLogin);

  it('keeps the strictest rule for concurrent logins, and all limits', () => {
    const one = rules({ preventConcurrentLogin: 'LogoutFromSameTypeDevices', maxSessionsPerUser: 5 });
    const other = rules({ preventConcurrentLogin: 'LogoutFromAllDevices', maxSessionsPerUser: 3 });
    for (const both of [combinedSignInRules(one, other), combinedSignInRules(other, one)]) {
      expect(both.preventConcurrentLogin).toBe('LogoutFromAllDevices');
      expect(both.limits.map(({ max }) => max).sort()).toEqual([3, 5]);
    }
  });

  it('places limits that refuse before limits that ask, and these before limits that end sessions', () => {
    const asking = rules({ maxSessionsPerUser: 3, onLimit: 'ask' });
    const roomy = rules({ maxSessionsPerUser: 3 });
    const strict = rules({ maxSessionsPerUser: 3, onLimit: 'refuse' });
    expect(combinedSignInRules(roomy, asking, strict).limits.map(({ onLimit }) => onLimit)).toEqual([
      'refuse',
      'ask',
      'endOldest',
    ]);
  });
});

describe('countsWith', () => {
  const signIn = { clientId: 'mail', device: 'Web' };

  it.each([
    ['user', { clientId: 'drive', device: 'Mobile' }, true],
    ['client', { clientId: 'mail', device: 'Mobile' }, true],
    ['client', { clientId: null, device: 'Web' }, false],
    ['device', { clientId: 'drive', device: 'Web' }, true],
    ['device', { clientId: 'mail', device: 'Mobile' }, false],
  ] as const)('decides for a limit per %s and the session %j: %s', (per, session, counts) => {
    expect(countsWith({ ...session, actor: null }, signIn, per)).toBe(counts);
    expect(countsWith({ ...session, actor: 'support' }, signIn, per)).toBe(false);
  });
});
