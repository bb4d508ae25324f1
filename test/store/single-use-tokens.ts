import type { SingleUseToken, SingleUseTokens } from '../../lib/store/single-use-tokens';

const hash = (digit: string) => digit.repeat(64);

/**
 * Registers the tests that every implementation of `SingleUseTokens` must pass.
 * @param make returns an implementation without any tokens
 */
export function testSingleUseTokens(make: () => SingleUseTokens): void {
  const start = Date.UTC(2026, 0, 15, 12);
  const later = start + 60_000;
  let tokens: SingleUseTokens;

  beforeEach(() => {
    tokens = make();
  });

  async function added(said: Partial<SingleUseToken> = {}): Promise<SingleUseToken> {
    const owner = { tenantId: null, userId: 'alice' };
    const content = { sessionId: 'id', text: 'schön \u0000 \ud800 "quoted"\n' };
    const token: SingleUseToken = {
      purpose: 'not-me',
      hash: hash('a'),
      owner,
      content,
      expiresAt: later,
      ...said,
    };
    await tokens.add(token);
    return token;
  }

  it('returns a stored token with all its fields until it expires', async () => {
    const token = await added();
    const other = await added({ hash: hash('b'), owner: { tenantId: 'acme', userId: 'bob' } });
    expect(await tokens.find(token, start)).toEqual(token);
    expect(await tokens.find(other, later - 1)).toEqual(other);
    expect(await tokens.find(token, later)).toBeUndefined();
    expect(await tokens.claim(token, later, later + 1000)).toBeUndefined();
  });

  it('returns nothing for an unknown token, or for a token with another purpose', async () => {
    const token = await added();
    const others = [
      { ...token, hash: hash('c') },
      { ...token, purpose: 'sign-in' },
    ] as const;
    for (const other of others) {
      expect(await tokens.find(other, start)).toBeUndefined();
      expect(await tokens.claim(other, start, later)).toBeUndefined();
      await tokens.remove(other);
    }
    expect(await tokens.find(token, start)).toEqual(token);
  });

  it('gives a token to one of many parallel claims', async () => {
    const token = await added();
    const claims = await Promise.all(Array.from({ length: 8 }, () => tokens.claim(token, start, later)));
    expect(claims.filter((claim) => claim !== undefined)).toEqual([token]);
    expect(await tokens.find(token, start)).toBeUndefined();
  });

  it('gives a token again after its claim was released or is over', async () => {
    const token = await added();
    await tokens.claim(token, start, start + 1000);
    expect(await tokens.claim(token, start + 999, later)).toBeUndefined();
    expect(await tokens.claim(token, start + 1000, start + 2000)).toEqual(token);
    await tokens.release(token, start + 2000);
    expect(await tokens.claim(token, start + 1001, later)).toEqual(token);
  });

  it('does not release the claim of another call', async () => {
    const token = await added();
    await tokens.claim(token, start, start + 1000);
    await tokens.claim(token, start + 1000, start + 2000);
    await tokens.release(token, start + 1000);
    expect(await tokens.find(token, start + 1000)).toBeUndefined();
  });

  it('never returns a removed token again', async () => {
    const token = await added();
    await tokens.remove(token);
    expect(await tokens.find(token, start)).toBeUndefined();
    await tokens.release(token, later);
    expect(await tokens.claim(token, start, later)).toBeUndefined();
  });

  it('erases the tokens of one owner, and none of the same user id in another tenant', async () => {
    const token = await added();
    const other = await added({ hash: hash('b'), owner: { tenantId: 'acme', userId: 'alice' } });
    await tokens.erase({ userId: 'alice' });
    expect(await tokens.find(token, start)).toBeUndefined();
    expect(await tokens.find(other, start)).toEqual(other);
    await tokens.erase(other.owner);
    expect(await tokens.find(other, start)).toBeUndefined();
  });

  it('prunes a limited number of tokens that have expired', async () => {
    await added();
    await added({ hash: hash('b') });
    const valid = await added({ hash: hash('c'), expiresAt: later + 1 });
    expect([await tokens.prune(later - 1, 10), await tokens.prune(later, 1)]).toEqual([0, 1]);
    expect([await tokens.prune(later, 10), await tokens.prune(later, 10)]).toEqual([1, 0]);
    expect(await tokens.find(valid, later)).toEqual(valid);
  });
}
