import { familyOf, sessionSecretHash } from './credentials';
import type { IdentitySession, JsonObject } from './session';

/** The facts about a session's secrets that stores keep. None of them is usable as a secret. */
export interface SecretState extends Pick<IdentitySession, 'signedIn'> {
  /**
   * SHA-256 of the current secret, as 32 characters of which each is one byte (`latin1`). In this form a hash takes least memory and is
   * compared fastest. The secret itself is not stored anywhere.
   */
  readonly secretHash: string;
  /** The result of `familyOf` for all secrets of the session. Null if its secret never rotates. */
  readonly secretFamily: string | null;
  /** The time when a client last received the current secret, in milliseconds since 1970, or null for that of the sign-in. */
  readonly secretIssuedAt: number | null;
  /** How often the current secret was given again to a client that still used an earlier one. */
  readonly secretGivenAgain: number;
  /** The salt with which the current secret follows from the one before, or null if it does not follow or was confirmed. */
  readonly secretSalt: string | null;
  /** The time when a client was seen to have stored the current secret, or null. */
  readonly secretConfirmedAt: number | null;
  /** The hashes of the secrets before the current one, newest first, 32 characters each. Null before the first rotation. */
  readonly earlierSecretHashes: string | null;
  /**
   * The fields of the session that differ for a request with an earlier secret, because the user has authenticated again since. Such
   * a client does not receive the current secret. Null after an ordinary rotation.
   */
  readonly earlierAssurance: JsonObject | null;
}

/** The rules of rotation, in milliseconds. */
export interface RotationRules {
  /** The age at which a secret is replaced. `Infinity` switches rotation off. */
  readonly rotateAfter: number;
  /** The time after which a client that received a secret has certainly stored it. */
  readonly rotationGrace: number;
}

/** The time at which a request may replace the secret: `never` if its response cannot carry a new one, or at every opportunity. */
export type Renewal = 'never' | 'when-due' | 'always';

/**
 * The judgement of a secret that a request presents.
 * - `current`: it is accepted, and nothing changes.
 * - `current-and-confirms`: it is accepted. Its client has stored it, so earlier secrets are no longer accepted.
 * - `current-and-due`: it is accepted and replaced.
 * - `earlier`: it is accepted, because the client may not have received the current one. The client receives it again.
 * - `earlier-without-successor`: it is accepted for a short time, and never receives the current one.
 * - `reused`: it was replaced by a secret that a client has stored. Somebody else has a copy.
 * - `wrong`: it is no secret of this session, or one that is no longer accepted for another reason.
 */
export type SecretVerdict =
  | 'current'
  | 'current-and-confirms'
  | 'current-and-due'
  | 'earlier'
  | 'earlier-without-successor'
  | 'reused'
  | 'wrong';

/** Judges a secret at `now`. A verdict other than `current…` counts only if the state was just read from the database. */
export function judgeSecret(
  state: SecretState,
  secret: string,
  now: number,
  { rotateAfter, rotationGrace, renewal }: RotationRules & { readonly renewal: Renewal },
): SecretVerdict {
  const hash = sessionSecretHash(secret);
  if (hash === state.secretHash) {
    if (!isSettled(state, now, rotationGrace)) return 'current';
    if (isRotated(state, now, rotateAfter, renewal)) return 'current-and-due';
    return awaitsConfirmation(state) ? 'current-and-confirms' : 'current';
  }
  // A session that never rotated had no other secret. After a restored backup, its client can have a newer one.
  if (state.earlierSecretHashes === null || familyOf(secret) !== state.secretFamily) return 'wrong';
  if (!awaitsConfirmation(state) || !isAmong(state.earlierSecretHashes, hash)) return 'reused';
  if (state.earlierAssurance === null) return 'earlier';
  return now < issuedAt(state) + rotationGrace ? 'earlier-without-successor' : 'wrong';
}

/** Returns the time from which the current secret must be judged. Before it, the verdict is `current`. Cheap, for every request. */
export function secretDueAt(state: SecretState, { rotateAfter, rotationGrace }: RotationRules): number {
  if (state.secretFamily === null) return Infinity;
  return issuedAt(state) + (awaitsConfirmation(state) ? rotationGrace : rotateAfter);
}

/**
 * Returns true if the time of giving must be written when the current secret is given again, because the grace period starts anew.
 * The number of times is limited. Otherwise a thief who goes on using an earlier secret could prevent its confirmation for ever.
 */
export function renewsGrace(state: SecretState, now: number, rules: RotationRules): boolean {
  return state.secretGivenAgain < MOST_GIVEN_AGAIN && isLate(now - issuedAt(state), rules);
}

/**
 * Returns true if a client that receives the current secret so many milliseconds after its time was written would be left with too
 * little of the grace period to store it.
 */
export function isLate(elapsed: number, { rotationGrace }: Pick<RotationRules, 'rotationGrace'>): boolean {
  return elapsed > rotationGrace / 4;
}

/** The number of times that the grace period of one secret starts anew. */
export const MOST_GIVEN_AGAIN = 20;

/** The number of earlier secrets that are remembered if the user authenticates several times in a row. */
export const MOST_EARLIER = 4;

/** A change of a session's secret. It is made only if the current secret is still the one with the hash `from`. */
export type SecretChange =
  | {
      /** Replaces the current secret, unless one that was issued after `issuedBefore` awaits its confirmation. */
      readonly type: 'rotate';
      readonly from: string;
      readonly to: string;
      readonly salt: string;
      readonly at: number;
      readonly issuedBefore: number;
    }
  | {
      /** Replaces the current secret by one that follows from no other. */
      readonly type: 'replace';
      readonly from: string;
      readonly to: string;
      readonly at: number;
      readonly earlierAssurance: JsonObject;
    }
  | {
      /** Notes that a client has stored the current secret, which was issued at or before `issuedBefore`. */
      readonly type: 'confirm';
      readonly from: string;
      readonly at: number;
      readonly issuedBefore: number;
    }
  | {
      /** Notes that a client receives the current secret again. */
      readonly type: 'give-again';
      readonly from: string;
      readonly at: number;
    };

/** Returns the state after a change, or undefined if the change does not apply. The same rules in SQL: `changeSecret` of the store. */
export function changedSecret<T extends SecretState>(state: T, change: SecretChange): T | undefined {
  if (state.secretHash !== change.from) return undefined;
  const open = awaitsConfirmation(state);
  switch (change.type) {
    case 'rotate':
      if (open && issuedAt(state) > change.issuedBefore) return undefined;
      return { ...state, ...issued(change), secretSalt: change.salt, earlierSecretHashes: change.from };
    case 'replace': {
      const others = open ? state.earlierSecretHashes! : '';
      return {
        ...state,
        ...issued(change),
        earlierSecretHashes: (change.from + others).slice(0, MOST_EARLIER * HASH),
        earlierAssurance: (open ? state.earlierAssurance : null) ?? change.earlierAssurance,
      };
    }
    case 'confirm':
      if (!open || issuedAt(state) > change.issuedBefore) return undefined;
      return { ...state, secretConfirmedAt: change.at, secretSalt: null, earlierAssurance: null };
    case 'give-again':
      if (!open || state.secretGivenAgain >= MOST_GIVEN_AGAIN) return undefined;
      return {
        ...state,
        secretIssuedAt: Math.max(issuedAt(state), change.at),
        secretGivenAgain: state.secretGivenAgain + 1,
      };
  }
}

/** Returns the state of a session that signs in. */
export function firstSecret(secret: string, { rotates = true } = {}): Omit<SecretState, 'signedIn'> {
  return {
    secretHash: sessionSecretHash(secret),
    secretFamily: rotates ? familyOf(secret) : null,
    secretIssuedAt: null,
    secretGivenAgain: 0,
    secretSalt: null,
    secretConfirmedAt: null,
    earlierSecretHashes: null,
    earlierAssurance: null,
  };
}

/** Returns the facts about secrets of a session that also has other fields. */
export function secretStateOf(session: SecretState): SecretState {
  return {
    signedIn: session.signedIn,
    secretHash: session.secretHash,
    secretFamily: session.secretFamily,
    secretIssuedAt: session.secretIssuedAt,
    secretGivenAgain: session.secretGivenAgain,
    secretSalt: session.secretSalt,
    secretConfirmedAt: session.secretConfirmedAt,
    earlierSecretHashes: session.earlierSecretHashes,
    earlierAssurance: session.earlierAssurance,
  };
}

/** The length of a hash, in characters. */
const HASH = 32;

/** The state of a secret that is issued now. */
function issued({ to, at }: { readonly to: string; readonly at: number }) {
  return {
    secretHash: to,
    secretIssuedAt: at,
    secretGivenAgain: 0,
    secretSalt: null,
    secretConfirmedAt: null,
    earlierAssurance: null,
  };
}

/** Returns true while no client was seen to have stored the current secret of a session that has rotated. */
export function awaitsConfirmation({ earlierSecretHashes, secretConfirmedAt }: SecretState): boolean {
  return earlierSecretHashes !== null && secretConfirmedAt === null;
}

/** Returns false while a client may still lose the current secret and come back with the one before. */
function isSettled(state: SecretState, now: number, grace: number): boolean {
  return !awaitsConfirmation(state) || now >= issuedAt(state) + grace;
}

function isRotated(state: SecretState, now: number, rotateAfter: number, renewal: Renewal): boolean {
  if (state.secretFamily === null || rotateAfter === Infinity || renewal === 'never') return false;
  return renewal === 'always' || now >= issuedAt(state) + rotateAfter;
}

function issuedAt({ secretIssuedAt, signedIn }: SecretState): number {
  return secretIssuedAt ?? signedIn;
}

function isAmong(hashes: string, hash: string): boolean {
  for (let at = 0; at < hashes.length; at += HASH) if (hashes.startsWith(hash, at)) return true;
  return false;
}
