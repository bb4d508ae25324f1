import { policyOf, policyValues } from '../../../lib/store/postgres/policy-row';

const EMPTY = { prevent_concurrent_login: null, idle_timeout: null, protocols: null };
const SAME = [false, null];

describe('policyOf', () => {
  it('returns an empty policy for a row without settings', () => {
    expect(policyOf(EMPTY)).toEqual({});
  });

  it('returns only the settings that the row holds', () => {
    expect(policyOf({ ...EMPTY, prevent_concurrent_login: 'Disabled' })).toEqual({
      preventConcurrentLogin: 'Disabled',
    });
    expect(policyOf({ ...EMPTY, idle_timeout: '60000' })).toEqual({ idleTimeout: 60_000 });
    expect(policyOf({ ...EMPTY, protocols: '{"example":{"idle":true}}' })).toEqual({
      protocols: { example: { idle: true } },
    });
  });
});

describe('policyValues', () => {
  it('changes nothing for an empty patch', () => {
    expect(policyValues({})).toEqual([...SAME, '{}', [], ...SAME]);
  });

  it('changes and removes the rule about concurrent logins', () => {
    expect(policyValues({ preventConcurrentLogin: 'Disabled' })).toEqual([
      true,
      'Disabled',
      '{}',
      [],
      ...SAME,
    ]);
    expect(policyValues({ preventConcurrentLogin: null })).toEqual([true, null, '{}', [], ...SAME]);
  });

  it('changes and removes the idle timeout', () => {
    expect(policyValues({ idleTimeout: 60_000 })).toEqual([...SAME, '{}', [], true, 60_000]);
    expect(policyValues({ idleTimeout: null })).toEqual([...SAME, '{}', [], true, null]);
  });

  it('separates the protocol settings to store from those to remove', () => {
    const protocols = { example: { idle: true }, other: null };
    expect(policyValues({ protocols })).toEqual([...SAME, '{"example":{"idle":true}}', ['other'], ...SAME]);
  });
});
