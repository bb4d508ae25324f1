import type { Request } from 'express';

import { RandomTokens } from '../../../lib/protocols/open-xchange/random-tokens';
import { FakeClock } from '../../support/clock';
import { aSession } from '../../support/sessions';

const session = aSession(0, { userAgent: 'Firefox', ipAddresses: ['192.0.2.1'] });
const from = (ip: string | undefined, userAgent?: string) =>
  ({ ip, headers: { 'user-agent': userAgent } }) as Request;
const client = from('192.0.2.1', 'Firefox');

describe('RandomTokens', () => {
  const clock = new FakeClock();
  const tokens = new RandomTokens(clock, 30_000);

  it('returns the session for a token once', () => {
    const token = tokens.mint(session, 'secret');
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(tokens.redeem(token, client)).toEqual({ sessionId: session.sessionId, secret: 'secret' });
    expect(tokens.redeem(token, client)).toBeUndefined();
  });

  it('returns nothing for an expired token', () => {
    const [first, second] = [tokens.mint(session, 's'), tokens.mint(session, 's')];
    clock.advance(29_999);
    expect(tokens.redeem(first, client)).toBeDefined();
    clock.advance(1);
    expect(tokens.redeem(second, client)).toBeUndefined();
  });

  it('drops the oldest tokens if there are too many', () => {
    const first = tokens.mint(session, 's');
    for (let i = 0; i < 10_000; i++) tokens.mint(session, 's');
    expect(tokens.redeem(first, client)).toBeUndefined();
    expect(tokens.redeem(tokens.mint(session, 's'), client)).toBeDefined();
  });

  it.each([
    ['another address', session, from('192.0.2.2', 'Firefox')],
    ['another user agent', session, from('192.0.2.1', 'Chrome')],
    ['no user agent', session, from('192.0.2.1')],
    ['an unknown address', session, from(undefined, 'Firefox')],
    ['an unknown address, as at the login', { ...session, ipAddresses: [] }, from(undefined, 'Firefox')],
  ])('returns nothing to a request with %s, and invalidates the token', (_, own, request) => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const token = tokens.mint(own, 'secret');
    expect(tokens.redeem(token, request)).toBeUndefined();
    expect(tokens.redeem(token, client)).toBeUndefined();
  });

  it('compares long user agents up to the length that sessions store', () => {
    const userAgent = 'x'.repeat(600);
    const stored = { ...session, userAgent: userAgent.slice(0, 512) };
    expect(tokens.redeem(tokens.mint(stored, 's'), from('192.0.2.1', userAgent))).toBeDefined();
  });

  it('creates no tokens if their lifetime is zero', () => {
    expect(new RandomTokens(clock, 0).enabled).toBe(false);
    expect(tokens.enabled).toBe(true);
  });
});
