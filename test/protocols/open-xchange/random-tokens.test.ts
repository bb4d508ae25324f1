import { RandomTokens } from '../../../lib/protocols/open-xchange/random-tokens';
import { FakeClock } from '../../support/clock';

describe('RandomTokens', () => {
  const clock = new FakeClock();
  const tokens = new RandomTokens(clock, 30_000);

  it('returns the session for a token once', () => {
    const token = tokens.mint('id', 'secret');
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(tokens.redeem(token)).toEqual({ sessionId: 'id', secret: 'secret' });
    expect(tokens.redeem(token)).toBeUndefined();
  });

  it('returns nothing for an expired token', () => {
    const [first, second] = [tokens.mint('1', 's'), tokens.mint('2', 's')];
    clock.advance(29_999);
    expect(tokens.redeem(first)).toBeDefined();
    clock.advance(1);
    expect(tokens.redeem(second)).toBeUndefined();
  });

  it('drops the oldest tokens if there are too many', () => {
    const first = tokens.mint('first', 's');
    for (let i = 0; i < 10_000; i++) tokens.mint('other', 's');
    expect(tokens.redeem(first)).toBeUndefined();
    expect(tokens.redeem(tokens.mint('last', 's'))).toBeDefined();
  });

  it('creates no tokens if their lifetime is zero', () => {
    expect(new RandomTokens(clock, 0).enabled).toBe(false);
    expect(tokens.enabled).toBe(true);
  });
});
