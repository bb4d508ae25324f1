import { hashSecret, isSecret } from '../session/credentials';
import type { SingleUseToken, SingleUseTokens, TokenKey, TokenPurpose } from '../store/single-use-tokens';

/** Returns the key of a token. Returns undefined for a text that is no token, so that it does not reach the store. */
export function tokenKey(purpose: TokenPurpose, token: string): TokenKey | undefined {
  return isSecret(token) ? { purpose, hash: hashSecret(token) } : undefined;
}

/** A claim of a token from `at` until `until`, in milliseconds since 1970. */
interface Claim {
  readonly key: TokenKey;
  readonly at: number;
  readonly until: number;
}

/**
 * Claims the token and calls `work`. Of parallel calls, on any node, only one calls it. If `work` throws, the token remains valid. If
 * releasing it fails too, the claim ends by itself. The caller removes the token.
 * @throws the error that `refused` returns, if the token cannot be claimed, and the error of `work`
 */
export async function withClaim<T>(
  tokens: SingleUseTokens,
  { key, at, until }: Claim,
  refused: () => Error,
  work: (token: SingleUseToken) => Promise<T>,
): Promise<T> {
  const token = await tokens.claim(key, at, until);
  if (token === undefined) throw refused();
  try {
    return await work(token);
  } catch (error) {
    await tokens.release(key, until).catch(() => undefined);
    throw error;
  }
}
