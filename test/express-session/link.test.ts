import { derivedId, linkIn, setLink, type ForeignSession } from '../../lib/express-session/link';
import { isSessionId } from '../../lib/session/credentials';

const KEY = 'k'.repeat(32);
const ALICE = { userId: 'alice' };
const ID = 'a'.repeat(32);
const theirs = (identitySession?: unknown): ForeignSession => ({
  identitySession,
  save: () => undefined,
  destroy: () => undefined,
});

describe('derivedId', () => {
  it('returns the same UUID of version 8 for equal arguments', () => {
    const id = derivedId(KEY, 'sid', ALICE, undefined);
    expect(isSessionId(id)).toBe(true);
    expect([id[12], id[16]]).toEqual(['8', '8']);
    expect(derivedId(KEY, 'sid', { ...ALICE, tenantId: null }, undefined)).toBe(id);
  });

  it('returns different ids for another key, express-session, user, tenant or previous session', () => {
    const ids = [
      derivedId(KEY, 'sid', ALICE, undefined),
      derivedId('l'.repeat(32), 'sid', ALICE, undefined),
      derivedId(KEY, 'other', ALICE, undefined),
      derivedId(KEY, 'sid', { userId: 'bob' }, undefined),
      derivedId(KEY, 'sid', { userId: 'alice', tenantId: 'a' }, undefined),
      derivedId(KEY, 'sid', ALICE, ID),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('linkIn', () => {
  it('returns what setLink has stored, also after a store has written it as JSON', () => {
    const session = theirs();
    setLink(session, { sessionId: ID, owner: ALICE });
    const read = JSON.parse(JSON.stringify(session)) as ForeignSession;
    expect(linkIn(read)).toEqual({ sessionId: ID, owner: { tenantId: null, userId: 'alice' } });
    setLink(session, { sessionId: ID });
    expect(linkIn(session)).toEqual({ sessionId: ID });
  });

  it.each([undefined, null, 'text', 7, {}, { sessionId: 'x' }])('ignores the value %j', (value) => {
    expect(linkIn(theirs(value))).toBeUndefined();
  });
});
