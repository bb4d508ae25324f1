import { sameOwner } from '../session/session';
import type { SingleUseToken, SingleUseTokens, TokenKey } from './single-use-tokens';

interface Kept {
  readonly token: SingleUseToken;
  readonly claimedUntil: number;
}

/** Keeps single-use tokens in the memory of this process, for managers without a database. */
export function memorySingleUseTokens(): SingleUseTokens {
  const kept = new Map<string, Kept>();
  const named = ({ purpose, hash }: TokenKey): Kept | undefined => {
    const found = kept.get(hash);
    return found?.token.purpose === purpose ? found : undefined;
  };
  const usable = (key: TokenKey, at: number): SingleUseToken | undefined => {
    const { token, claimedUntil = 0 } = named(key) ?? {};
    return token !== undefined && token.expiresAt > at && claimedUntil <= at ? token : undefined;
  };

  return {
    async add(token) {
      kept.set(token.hash, { token, claimedUntil: -Infinity });
    },

    async find(key, at) {
      return usable(key, at);
    },

    async claim(key, at, until) {
      const token = usable(key, at);
      if (token !== undefined) kept.set(key.hash, { token, claimedUntil: until });
      return token;
    },

    async release(key, until) {
      const found = named(key);
      if (found?.claimedUntil === until) kept.set(key.hash, { token: found.token, claimedUntil: -Infinity });
    },

    async remove(key) {
      if (named(key) !== undefined) kept.delete(key.hash);
    },

    async erase(owner) {
      for (const [hash, { token }] of kept) if (sameOwner(token.owner, owner)) kept.delete(hash);
    },

    async prune(at, limit) {
      const expired = [...kept].filter(([, { token }]) => token.expiresAt <= at).slice(0, limit);
      for (const [hash] of expired) kept.delete(hash);
      return expired.length;
    },
  };
}
