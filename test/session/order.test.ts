import { inOrder, SORT_KEYS, type SearchOrder } from '../../lib/session/order';
import { withoutSecret } from '../../lib/session/session';
import { aSession } from '../support/sessions';

const one = withoutSecret(aSession(1000, { sessionId: 'b'.repeat(32), device: 'OAuth', lastAccessed: 2000 }));
const two = withoutSecret(aSession(2000, { sessionId: 'a'.repeat(32), device: 'Web', deviceInfo: null }));
const three = { ...two, sessionId: 'c'.repeat(32) };

const idsIn = (order: SearchOrder) =>
  [two, three, one].sort(inOrder(order)).map(({ sessionId }) => sessionId[0]);

describe('inOrder', () => {
  it.each([
    ['signedIn', 'bac'],
    // A session that was never used counts from its sign-in.
    ['lastAccessed', 'abc'],
    ['device', 'bac'],
    // A missing value sorts before all others.
    ['deviceInfo', 'acb'],
  ] as const)('sorts sessions by %s, and sessions with equal values by id', (by, expected) => {
    expect(idsIn({ by, descending: false }).join('')).toBe(expected);
  });

  it.each(SORT_KEYS)('reverses the whole order if %s is descending', (by) => {
    expect(idsIn({ by, descending: true })).toEqual(idsIn({ by, descending: false }).reverse());
  });
});
