import { claimedSession, claims } from '../../lib/session/claims';
import { mintSessionId } from '../../lib/session/credentials';

const sessionId = mintSessionId(0);
const dashed = sessionId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

describe('the claims of a session', () => {
  it('name it under the words of OpenID Connect and of ABP, and are read again', () => {
    expect(claims({ sessionId })).toEqual({ sid: sessionId, sessionid: sessionId });
    expect(claimedSession(claims({ sessionId }))).toBe(sessionId);
  });

  it.each([
    undefined,
    null,
    'id',
    {},
    { session: { sessionId }, secret: 'a' },
    Promise.resolve({ sessionId }),
  ])('are made of a session, and not of %p', (given) =>
    expect(() => claims(given as never)).toThrow(/`claims\(await manager.create/),
  );

  it.each([
    [{ sid: sessionId }],
    [{ sessionid: sessionId }],
    [{ sid: dashed.toUpperCase(), sessionid: sessionId }],
  ])('are read from %j', (given) => expect(claimedSession(given)).toBe(sessionId));

  it.each([
    [{}],
    [{ sid: null }],
    [{ sid: '' }],
    [{ sid: 'junk' }],
    [{ sid: 42 }],
    [{ sid: [sessionId] }],
    [{ sid: { toString: () => sessionId } }],
    [{ sid: sessionId, sessionid: mintSessionId(1) }],
    [{ sid: sessionId, sessionid: 'junk' }],
  ])('name none in %j', (given) => expect(claimedSession(given)).toBeUndefined());
});
