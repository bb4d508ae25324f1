import { inOrder, SORT_KEYS, type SearchOrder } from '../../lib/session/order';
import { withoutSecret } from '../../lib/session/session';
import { aSession } from '../support/sessions';

const one = withoutSecret(aSession(1000, { sessionId: 'b'.repeat(32), device: 'OAuth', lastAccessed: 2000 }));
const two = withoutSecret(aSession(2000, { sessionId: 'a'.repeat(32), device: 'Web', deviceInfo: null }));
const three = { ...two, sessionId: 'c'.repeat(32) };

const idsIn = (order: SearchOrder) =>
  [two, three, one].sort(inOrder(order)).map(({ sessionId }) => sessionId[0]);

describe('sessions in an order', () => {
  it.each([
    ['signedIn', 'bac'],
    // Who was not used yet counts from the sign-in.
    ['lastAccessed', 'abc'],
    ['device', 'bac'],
    // What is not known comes before everything that is.
    ['deviceInfo', 'acb'],
  ] as const)('are sorted by %s, those that are equal by their ids', (by, expected) => {
    expect(idsIn({ by, descending: false }).join('')).toBe(expected);
  });

  it.each(SORT_KEYS)('are turned round as a whole when %s descends', (by) => {
    expect(idsIn({ by, descending: true })).toEqual(idsIn({ by, descending: false }).reverse());
  });
});
