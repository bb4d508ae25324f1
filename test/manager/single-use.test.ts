import { tokenKey, withClaim } from '../../lib/manager/single-use';
import { mintSecret } from '../../lib/session/credentials';
import { memorySingleUseTokens } from '../../lib/store/memory-single-use-tokens';
import type { SingleUseTokens } from '../../lib/store/single-use-tokens';
import { ALICE } from '../support/sessions';

const AT = Date.UTC(2026, 0, 15, 12);
const REFUSED = new Error('refused');

let tokens: SingleUseTokens;
const key = tokenKey('not-me', mintSecret())!;
const use = <T>(work: () => Promise<T>, at = AT) =>
  withClaim(tokens, { key, at, until: at + 1000 }, () => REFUSED, work);

beforeEach(async () => {
  tokens = memorySingleUseTokens();
  await tokens.add({ ...key, owner: ALICE, content: { sessionId: 'x' }, expiresAt: AT + 10_000 });
});

describe('tokenKey', () => {
  it('contains only the hash of the token', () => {
    const token = mintSecret();
    expect(JSON.stringify(tokenKey('not-me', token))).not.toContain(token);
    expect(tokenKey('not-me', token)).toEqual(tokenKey('not-me', token));
  });

  it.each(['', 'x', `${mintSecret()}=`, '../etc/passwd'])('is undefined for %p', (text) => {
    expect(tokenKey('sign-in', text)).toBeUndefined();
  });
});

describe('withClaim', () => {
  it('calls only one of parallel calls, with the token', async () => {
    const work = jest.fn().mockResolvedValue('done');
    const results = await Promise.allSettled([use(work), use(work), use(work)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(work.mock.calls).toEqual([
      [expect.objectContaining({ owner: ALICE, content: { sessionId: 'x' } })],
    ]);
  });

  it('keeps the token valid if the work fails, and passes its error on', async () => {
    const problem = new Error('no mail server');
    await expect(use(() => Promise.reject(problem))).rejects.toBe(problem);
    await expect(use(async () => 'done')).resolves.toBe('done');
  });

  it('refuses until the claim ends by itself if the token can be neither used nor released', async () => {
    tokens.release = () => Promise.reject(new Error('no database'));
    const problem = new Error('no mail server');
    await expect(use(() => Promise.reject(problem))).rejects.toBe(problem);
    await expect(use(async () => 'done', AT + 999)).rejects.toBe(REFUSED);
    await expect(use(async () => 'done', AT + 1000)).resolves.toBe('done');
  });
});
