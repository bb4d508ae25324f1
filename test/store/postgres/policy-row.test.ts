import { policyOf, policyValues, type PolicyRow } from '../../../lib/store/postgres/policy-row';

const NOTHING: PolicyRow = {
  prevent_concurrent_login: null,
  idle_enabled: null,
  idle_timeout_minutes: null,
  idle_countdown_seconds: null,
};

describe('the row of the policy', () => {
  it('says nothing where it holds nothing', () => {
    expect(policyOf(NOTHING)).toEqual({});
  });

  it('is read part by part', () => {
    expect(policyOf({ ...NOTHING, prevent_concurrent_login: 'Disabled' })).toEqual({
      preventConcurrentLogin: 'Disabled',
    });
    const idle = { idle_enabled: 'f', idle_timeout_minutes: '20', idle_countdown_seconds: '30' } as const;
    expect(policyOf({ ...NOTHING, ...idle })).toEqual({
      idle: { enabled: false, idleTimeoutMinutes: 20, countdownSeconds: 30 },
    });
  });

  it('is changed where a patch names something, and emptied where that is null', () => {
    expect(policyValues({})).toEqual([false, null, false, null, null, null]);
    expect(policyValues({ preventConcurrentLogin: 'Disabled' })).toEqual([
      true,
      'Disabled',
      ...[false, null, null, null],
    ]);
    const idle = { enabled: false, idleTimeoutMinutes: 20, countdownSeconds: 30 };
    expect(policyValues({ idle })).toEqual([false, null, true, false, 20, 30]);
    expect(policyValues({ preventConcurrentLogin: null, idle: null })).toEqual([
      true,
      null,
      ...[true, null, null, null],
    ]);
  });
});
