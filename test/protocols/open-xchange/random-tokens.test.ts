import { RandomTokens } from '../../../lib/protocols/open-xchange/random-tokens';
import { FakeClock } from '../../support/clock';

describe('a random token', () => {
  const clock = new FakeClock();
  const tokens = new RandomTokens(clock, 30_000);

  it('stands for its session once', () => {
    const token = tokens.mint('id', 'secret');
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(tokens.redeem(token)).toEqual({ sessionId: 'id', secret: 'secret' });
    expect(tokens.redeem(token)).toBeUndefined();
  });

  it('stands for nothing after its time', () => {
    const [first, second] = [tokens.mint('1', 's'), tokens.mint('2', 's')];
    clock.advance(29_999);
    expect(tokens.redeem(first)).toBeDefined();
    clock.advance(1);
    expect(tokens.redeem(second)).toBeUndefined();
  });

  it('makes room for newer ones', () => {
    const first = tokens.mint('first', 's');
    for (let i = 0; i < 10_000; i++) tokens.mint('other', 's');
    expect(tokens.redeem(first)).toBeUndefined();
    expect(tokens.redeem(tokens.mint('last', 's'))).toBeDefined();
  });

  it('is not given out without a time', () => {
    expect(new RandomTokens(clock, 0).enabled).toBe(false);
    expect(tokens.enabled).toBe(true);
  });
});
