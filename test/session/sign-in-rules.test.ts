import { checkedSignInRules, combinedSignInRules } from '../../lib/session/sign-in-rules';

describe('the rules of an app', () => {
  it('set no limit where they say nothing', () => {
    expect(checkedSignInRules()).toEqual({ preventConcurrentLogin: 'Disabled', limits: [] });
  });

  it('are limits by what they count', () => {
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

  it('are refused when they are none, all problems at once', () => {
    const wrong = { maxSessionsPerUser: 0, preventConcurrentLogin: 'Always', maxSessions: 3 } as never;
    expect(() => checkedSignInRules(wrong)).toThrow(TypeError);
    expect(() => checkedSignInRules(wrong)).toThrow(/`maxSessions`[^]*"Always"[^]*is 0/);
  });
});

describe('of several rules', () => {
  const rules = (preventConcurrentLogin: Parameters<typeof checkedSignInRules>[0]) =>
    checkedSignInRules(preventConcurrentLogin);

  it('the strictest about concurrent logins wins, and all limits hold', () => {
    const one = rules({ preventConcurrentLogin: 'LogoutFromSameTypeDevices', maxSessionsPerUser: 5 });
    const other = rules({ preventConcurrentLogin: 'LogoutFromAllDevices', maxSessionsPerUser: 3 });
    for (const both of [combinedSignInRules(one, other), combinedSignInRules(other, one)]) {
      expect(both.preventConcurrentLogin).toBe('LogoutFromAllDevices');
      expect(both.limits.map(({ max }) => max).sort()).toEqual([3, 5]);
    }
  });

  it('one that refuses is looked at before one that would make room for it', () => {
    const roomy = rules({ maxSessionsPerUser: 3 });
    const strict = rules({ maxSessionsPerUser: 3, onLimit: 'refuse' });
    expect(combinedSignInRules(roomy, strict).limits.map(({ onLimit }) => onLimit)).toEqual([
      'refuse',
      'endOldest',
    ]);
  });
});
