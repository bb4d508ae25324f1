import { inOrder, SORT_KEYS, type SearchOrder, type SortKey } from '../../lib/session/order';
import { withoutSecret } from '../../lib/session/session';
import { aSession } from '../support/sessions';

const one = withoutSecret(
  aSession(1000, {
    sessionId: 'b'.repeat(32),
    device: 'OAuth',
    lastAccessed: 2000,
    userId: 'bob',
    ipAddresses: ['192.0.2.1', '192.0.2.9'],
  }),
);
const two = withoutSecret(
  aSession(2000, { sessionId: 'a'.repeat(32), device: 'Web', deviceInfo: null, clientId: 'mail' }),
);
const three = { ...two, sessionId: 'c'.repeat(32) };

const idsIn = (...order: SearchOrder) =>
  [two, three, one].sort(inOrder(order)).map(({ sessionId }) => sessionId[0]);

const up = (by: SortKey['by']): SortKey => ({ by, descending: false });
const down = (by: SortKey['by']): SortKey => ({ by, descending: true });

describe('inOrder', () => {
  it.each([
    ['signedIn', 'bac'],
    // A session that was never used counts from its sign-in.
    ['lastAccessed', 'abc'],
    ['device', 'bac'],
    // A missing value sorts before all others.
    ['deviceInfo', 'acb'],
    ['userId', 'acb'],
    ['clientId', 'bac'],
    ['ipAddresses', 'acb'],
  ] as const)('sorts sessions by %s, and sessions with equal values by id', (by, expected) => {
    expect(idsIn(up(by)).join('')).toBe(expected);
  });

  it.each(SORT_KEYS)('reverses the whole order if %s is descending', (by) => {
    expect(idsIn(down(by))).toEqual(idsIn(up(by)).reverse());
  });

  it.each([
    [[up('lastAccessed'), up('device')], 'bac'],
    [[up('lastAccessed'), down('device')], 'cab'],
    [[down('signedIn'), up('device')], 'acb'],
    [[], 'abc'],
  ] as const)('sorts sessions with equal values by the next of the keys %j', (keys, expected) => {
    expect(idsIn(...keys).join('')).toBe(expected);
  });
});
