import { policyOf, policyValues } from '../../../lib/store/postgres/policy-row';

describe('policyOf', () => {
  it('returns an empty policy for a row without settings', () => {
    expect(policyOf({ prevent_concurrent_login: null, protocols: null })).toEqual({});
  });

  it('returns only the settings that the row holds', () => {
    expect(policyOf({ prevent_concurrent_login: 'Disabled', protocols: null })).toEqual({
      preventConcurrentLogin: 'Disabled',
    });
    expect(policyOf({ prevent_concurrent_login: null, protocols: '{"example":{"idle":true}}' })).toEqual({
      protocols: { example: { idle: true } },
    });
  });
});

describe('policyValues', () => {
  it('changes nothing for an empty patch', () => {
    expect(policyValues({})).toEqual([false, null, '{}', []]);
  });

  it('changes and removes the rule about concurrent logins', () => {
    expect(policyValues({ preventConcurrentLogin: 'Disabled' })).toEqual([true, 'Disabled', '{}', []]);
    expect(policyValues({ preventConcurrentLogin: null })).toEqual([true, null, '{}', []]);
  });

  it('separates the protocol settings to store from those to remove', () => {
    const protocols = { example: { idle: true }, other: null };
    expect(policyValues({ protocols })).toEqual([false, null, '{"example":{"idle":true}}', ['other']]);
  });
});
