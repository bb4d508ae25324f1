import type { EndReason } from './session/end-reason';

/**
 * Every way in which this package refuses a request. The set is closed: a program may switch over it. What a code looks
 * like on the wire (a status, a problem document, an Open-Xchange or an ABP error) is the dialect's business.
 */
export type RefusalCode =
  /** The request shows no credentials. */
  | 'credentials-missing'
  /** The credentials name no session, or not with this secret. Unknown and wrong look the same on purpose. */
  | 'credentials-invalid'
  /** The request shows more than one pair of credentials, so that it is not clear whose it is. */
  | 'credentials-ambiguous'
  /** The session was ended; `endReason` says why. Told only to a caller who holds the right secret. */
  | 'session-ended'
  /** The session was not used for too long, or has reached its absolute lifetime. */
  | 'session-expired'
  /** The request comes from an address that the session may not change to. */
  | 'ip-changed'
  /** The caller has no session of that id. */
  | 'session-not-found'
  /** The user has as many sessions as the app allows, or the node does, and one more is refused; `per` says whose limit it is. */
  | 'session-limit-reached'
  /** A live session has the authentication id that the sign-in came with. */
  | 'auth-id-taken'
  /** Another session has the id that the app wants to open one under. */
  | 'session-id-taken'
  /** Autologin is switched off. */
  | 'autologin-disabled'
  /** What the user asks for takes a permission, and the app has not granted it. */
  | 'permission-missing'
  /** A write that another site started in the user's browser. */
  | 'cross-site'
  /** Something in the request is not what it must be; the message says what. */
  | 'invalid-request'
  /** Too many attempts; try again after `retryAfter` seconds. */
  | 'too-many-requests'
  /** The database did not answer in time, so nothing can be said about the session; try again after `retryAfter`. */
  | 'store-unavailable';

/** What a refusal says beside its code. */
export interface RefusalEvidence {
  /** Why the session was ended. Only with `session-ended`. */
  readonly endReason?: EndReason | undefined;
  /** Which part of the request is wrong, by its name. Only with `invalid-request`, and where it is one part. */
  readonly field?: string | undefined;
  /** What the limit counts. Only with `session-limit-reached`. */
  readonly per?: 'user' | 'client' | 'device' | 'node' | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number | undefined;
  /** What the database or the network said. For logs, never for the wire. */
  readonly cause?: unknown;
}

/**
 * A refusal: the request was understood and is turned down. Misuse of the package by a programmer is a `TypeError`
 * instead, thrown when things are built where it can be seen by then.
 */
export class SessionError extends Error implements RefusalEvidence {
  override readonly name = 'SessionError';
  readonly endReason: RefusalEvidence['endReason'];
  readonly field: RefusalEvidence['field'];
  readonly per: RefusalEvidence['per'];
  readonly retryAfter: RefusalEvidence['retryAfter'];

  constructor(
    readonly code: RefusalCode,
    message: string,
    evidence: RefusalEvidence = {},
  ) {
    super(message, evidence.cause === undefined ? undefined : { cause: evidence.cause });
    this.endReason = evidence.endReason;
    this.field = evidence.field;
    this.per = evidence.per;
    this.retryAfter = evidence.retryAfter;
  }
}

/** What is said of the refusals that are the same wherever they come from. */
const WORDS = {
  'credentials-missing': 'Sign in first.',
  'credentials-invalid': 'These credentials belong to no session.',
  'session-ended': 'This session was ended; sign in again.',
  'session-expired': 'This session was not used for too long; sign in again.',
  'ip-changed': 'This session may not be used from this address.',
  'autologin-disabled': 'Sessions are not revived here; sign in again.',
  'session-not-found': 'There is no such session.',
  'store-unavailable': 'The sessions cannot be looked up at the moment.',
} as const satisfies Partial<Record<RefusalCode, string>>;

/** A code that says all there is to say. */
export type PlainRefusal = keyof typeof WORDS;

export function plainRefusal(code: PlainRefusal, evidence?: RefusalEvidence): SessionError {
  return new SessionError(code, WORDS[code], evidence);
}

/** The refusal of a request in which one part is wrong. */
export function invalidRequest(field: string, message: string): SessionError {
  return new SessionError('invalid-request', message, { field });
}
