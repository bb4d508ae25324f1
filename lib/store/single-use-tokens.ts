import type { JsonObject, Owner } from '../session/session';

/**
 * Keeps single-use tokens: random tokens with which a person continues something later, on any node. Only the hash of a token is
 * stored. A token is used in two steps: `claim` reserves it for one caller, and `remove` completes the use. If the work between
 * them fails, `release` lets the person try again. If the node dies, the claim ends by itself.
 */
export interface SingleUseTokens {
  /** Stores a token. */
  add(token: SingleUseToken): Promise<void>;
  /** Returns the token with this hash, unless it has expired at `at`, is claimed at the moment, or has another purpose. */
  find(key: TokenKey, at: number): Promise<SingleUseToken | undefined>;
  /**
   * Reserves the token until `until` and returns it. Returns undefined if `find` would, so that of several parallel calls only one
   * gets the token.
   */
  claim(key: TokenKey, at: number, until: number): Promise<SingleUseToken | undefined>;
  /** Ends the claim that was made with this `until`. A later claim stays. */
  release(key: TokenKey, until: number): Promise<void>;
  /** Deletes the token. */
  remove(key: TokenKey): Promise<void>;
  /** Deletes all tokens of the owner. */
  erase(owner: Owner): Promise<void>;
  /** Deletes at most `limit` tokens that expired at or before `at`. Returns the number of deleted tokens. */
  prune(at: number, limit: number): Promise<number>;
}

/** Names a token in the store. */
export interface TokenKey {
  /** The use of the token. A token for one purpose cannot be used for another. */
  readonly purpose: TokenPurpose;
  /** SHA-256 of the token, as 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * - `not-me`: the link with which an owner reports an unknown sign-in.
 * - `sign-in`: a sign-in beyond a limit, which waits for the choice of its user.
 */
export type TokenPurpose = 'not-me' | 'sign-in';

/** A token as stores keep it. */
export interface SingleUseToken extends TokenKey {
  /** The user for whom the token was created. */
  readonly owner: Owner;
  /** The facts that the creator of the token needs at its use. */
  readonly content: JsonObject;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}
