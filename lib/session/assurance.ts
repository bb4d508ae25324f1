import { invalidRequest } from '../errors';

/** How and when the user of a session proved who they are. */
export interface Assurance {
  /**
   * The time of the user's last authentication, in milliseconds since 1970, or null if it is unknown (OpenID Connect's
   * `auth_time`). Neither use, autologin nor a new secret changes it.
   */
  readonly authenticatedAt: number | null;
  /** The level of the authentication in the app's words, such as `aal2`, or null (`acr`). */
  readonly acr: string | null;
  /** The methods of the authentication, such as `pwd` and `otp` (`amr`, RFC 8176). */
  readonly amr: readonly string[];
}

/** Returns the assurance of a session, or of an authentication, without its other fields. */
export function assuranceOf({ authenticatedAt, acr, amr }: Assurance): Assurance {
  return { authenticatedAt, acr, amr };
}

/** The assurance that an app passes with an authentication. */
export interface GivenAssurance {
  /** The level in the app's words, such as `aal2`: at most 255 printable ASCII characters without spaces, `"` and `\`. Default: null. */
  readonly acr?: string | null | undefined;
  /**
   * The methods, such as `['pwd', 'otp']`: at most 16, each with at most 64 characters of those that `acr` may have. Default: none.
   */
  readonly amr?: readonly string[] | undefined;
}

/** The assurance that a request needs. */
export interface RequiredAssurance {
  /** The longest time since the authentication, in milliseconds. Infinity for no limit. */
  readonly maxAge: number;
  /** The levels of which the session must have one. If it is empty, every level suffices. */
  readonly acr: readonly string[];
  /** The methods that must all have been used. */
  readonly amr: readonly string[];
}

/** Values go into the header `WWW-Authenticate`, in lists with spaces between them, as scopes do (RFC 6749, section 3.3). */
const WORD = /^[!#-[\]-~]+$/;

const LONGEST_ACR = 255;
const LONGEST_METHOD = 64;
const MOST_METHODS = 16;

/** Returns true if the value can be a level. */
export function isAcr(value: unknown): value is string {
  return isWord(value, LONGEST_ACR);
}

/** Returns true if the value can be a list of methods. */
export function isAmr(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > MOST_METHODS) return false;
  return value.every((method) => isWord(method, LONGEST_METHOD));
}

function isWord(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest && WORD.test(value);
}

/**
 * Returns the level of an authentication, or null.
 * @throws SessionError `invalid-request`
 */
export function checkedAcr(acr: unknown): string | null {
  if (acr === null || acr === undefined) return null;
  if (isAcr(acr)) return acr;
  throw invalidRequest('acr', NOT_ACR, { longest: LONGEST_ACR });
}

/**
 * Returns the methods of an authentication, each once.
 * @throws SessionError `invalid-request`
 */
export function checkedAmr(amr: unknown): readonly string[] {
  if (amr === null || amr === undefined) return NO_METHODS;
  if (isAmr(amr)) return Object.freeze([...new Set(amr)]);
  throw invalidRequest('amr', NOT_AMR, { most: MOST_METHODS, longest: LONGEST_METHOD });
}

const NOT_ACR =
  '"{name}" must be text of 1 to {longest} printable ASCII characters without spaces, " and \\.';
const NOT_AMR =
  '"{name}" must be a list of at most {most} texts of 1 to {longest} printable ASCII characters without spaces, " and \\.';

export const NO_METHODS: readonly string[] = Object.freeze([]);

/** Returns true if the assurance meets the requirement. An unknown time of authentication meets no `maxAge`. */
export function suffices(
  { authenticatedAt, acr, amr }: Assurance,
  required: RequiredAssurance,
  now: number,
): boolean {
  const age = authenticatedAt === null ? Infinity : now - authenticatedAt;
  return (
    (required.maxAge === Infinity || age <= required.maxAge) &&
    (required.acr.length === 0 || (acr !== null && required.acr.includes(acr))) &&
    required.amr.every((method) => amr.includes(method))
  );
}

/** A change that makes the assurance of sessions lower. */
export interface Lowered {
  /**
   * The methods that no longer count, for example because the user removed a factor. Only sessions that used one of them change:
   * they lose the method. Without it, all sessions change: their time of authentication becomes unknown, and they lose all methods.
   */
  readonly methods?: readonly string[] | undefined;
  /** The level of the sessions that change. Default: null. */
  readonly acr: string | null;
}

/** Returns the assurance after the change, or undefined if it stays as it is. */
export function afterLowering(assurance: Assurance, { methods, acr }: Lowered): Assurance | undefined {
  if (methods !== undefined) {
    const amr = assurance.amr.filter((method) => !methods.includes(method));
    if (amr.length === assurance.amr.length) return undefined;
    return { authenticatedAt: assurance.authenticatedAt, acr, amr: Object.freeze(amr) };
  }
  const { authenticatedAt, amr } = assurance;
  if (authenticatedAt === null && amr.length === 0 && assurance.acr === acr) return undefined;
  return { authenticatedAt: null, acr, amr: NO_METHODS };
}
