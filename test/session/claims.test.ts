import { claimedSession, claims } from '../../lib/session/claims';
import { mintSessionId } from '../../lib/session/credentials';

const sessionId = mintSessionId(0, { userId: 'alice' });
const dashed = sessionId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

describe('claims', () => {
  it('returns the session id under both names of the claim', () => {
    expect(claims({ sessionId })).toEqual({ sid: sessionId, sessionid: sessionId });
  });

  it.each([
    undefined,
    null,
    'id',
    {},
    { session: { sessionId }, secret: 'a' },
    Promise.resolve({ sessionId }),
  ])('throws a TypeError for %p, which is not a session', (given) =>
    expect(() => claims(given as never)).toThrow(/`claims\(await manager.create/),
  );
});

describe('claimedSession', () => {
  it('returns the session id of the claims that `claims` created', () => {
    expect(claimedSession(claims({ sessionId }))).toBe(sessionId);
  });

  it.each([
    [{ sid: sessionId }],
    [{ sessionid: sessionId }],
    [{ sid: dashed.toUpperCase(), sessionid: sessionId }],
  ])('returns the session id of %j', (given) => expect(claimedSession(given)).toBe(sessionId));

  it.each([
    [{}],
    [{ sid: null }],
    [{ sid: '' }],
    [{ sid: 'junk' }],
    [{ sid: 42 }],
    [{ sid: [sessionId] }],
    [{ sid: { toString: () => sessionId } }],
    [{ sid: sessionId, sessionid: mintSessionId(1, { userId: 'alice' }) }],
    [{ sid: sessionId, sessionid: 'junk' }],
  ])('returns undefined for %j', (given) => expect(claimedSession(given)).toBeUndefined());
});
