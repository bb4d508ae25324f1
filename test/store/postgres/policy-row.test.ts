import { policyOf, policyValues } from '../../../lib/store/postgres/policy-row';

const EMPTY = {
  prevent_concurrent_login: null,
  idle_timeout: null,
  max_sessions_per_user: null,
  max_sessions_per_client: null,
  max_sessions_per_device: null,
  protocols: null,
};
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
    expect(policyOf({ ...EMPTY, max_sessions_per_user: '5', max_sessions_per_device: 'Infinity' })).toEqual({
      maxSessionsPerUser: 5,
      maxSessionsPerDevice: Infinity,
    });
    expect(policyOf({ ...EMPTY, protocols: '{"example":{"idle":true}}' })).toEqual({
      protocols: { example: { idle: true } },
    });
  });
});

describe('policyValues', () => {
  const columns = (...changed: unknown[]) =>
    [...changed, ...[SAME, SAME, SAME, SAME, SAME].flat()].slice(0, 10);

  it('changes nothing for an empty patch', () => {
    expect(policyValues({})).toEqual(['{}', [], ...columns()]);
  });

  it('changes and removes each setting with a column', () => {
    expect(policyValues({ preventConcurrentLogin: 'Disabled' })).toEqual([
      '{}',
      [],
      ...columns(true, 'Disabled'),
    ]);
    expect(policyValues({ preventConcurrentLogin: null })).toEqual(['{}', [], ...columns(true, null)]);
    expect(policyValues({ idleTimeout: 60_000 })).toEqual(['{}', [], ...columns(...SAME, true, 60_000)]);
    expect(policyValues({ idleTimeout: null })).toEqual(['{}', [], ...columns(...SAME, true, null)]);
    expect(policyValues({ maxSessionsPerUser: Infinity, maxSessionsPerClient: null })).toEqual([
      '{}',
      [],
      ...columns(...SAME, ...SAME, true, Infinity, true, null),
    ]);
  });

  it('separates the protocol settings to store from those to remove', () => {
    const protocols = { example: { idle: true }, other: null };
    expect(policyValues({ protocols })).toEqual(['{"example":{"idle":true}}', ['other'], ...columns()]);
  });
});
