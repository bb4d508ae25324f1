import type { EndReason } from './session/end-reason';

/**
 * The codes of all refusals. The set is closed, so that a program can switch over it. The dialect decides how a code looks in a
 * response.
 */
export type RefusalCode =
  /** The request has no credentials. */
  | 'credentials-missing'
  /** The session does not exist or the secret is wrong. Callers cannot tell which, so that ids cannot be guessed. */
  | 'credentials-invalid'
  /** The request has more than one pair of credentials, so that its session is ambiguous. */
  | 'credentials-ambiguous'
  /** The session was ended; `endReason` gives the reason. Only a caller with the right secret receives this code. */
  | 'session-ended'
  /** The session was idle for too long, or reached its absolute lifetime. */
  | 'session-expired'
  /** The session lives, but its last authentication is too old or too weak for this request; `required` says what it needs. */
  | 'authentication-insufficient'
  /** The request comes from an IP address that the session may not change to. */
  | 'ip-changed'
  /**
   * The session is bound to its device, and the request does not come from there; or the app requires a binding, and the session has
   * none.
   */
  | 'binding-required'
  /** The browser could not prove that it is the session's device. Try again after `retryAfter` seconds. */
  | 'binding-unavailable'
  /** The caller has no session of that id. */
  | 'session-not-found'
  /** The ticket of a sign-in that waits for a choice is unknown, has expired or was used. Callers cannot tell which. */
  | 'ticket-invalid'
  /** The link of a mail is unknown, has expired or was used. Callers cannot tell which. */
  | 'link-invalid'
  /** A sign-in would exceed the limit of the user or of the node; `per` names the limit. */
  | 'session-limit-reached'
  /** The credentials of the user changed after the app checked them for this sign-in. */
  | 'credential-changed'
  /** A live session of the user has the authentication id of the sign-in. */
  | 'auth-id-taken'
  /** Another session has the id that the app passed for a new session. */
  | 'session-id-taken'
  /** The app does not allow autologin. */
  | 'autologin-disabled'
  /** The request needs a permission that the app did not grant. */
  | 'permission-missing'
  /** Another site started this write in the user's browser. */
  | 'cross-site'
  /** A part of the request is invalid; the message names it. */
  | 'invalid-request'
  /** The address made too many attempts. Try again after `retryAfter` seconds. */
  | 'too-many-requests'
  /** The database did not answer in time, so the session cannot be checked. Try again after `retryAfter` seconds. */
  | 'store-unavailable';

/** The values of a message's placeholders, by their names. */
export type MessageValues = Readonly<Record<string, string | number>>;

/** Returns the message with values in the place of placeholders such as `{name}`. Other text in braces stays. */
export function filled(message: string, values: MessageValues): string {
  return message.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : placeholder,
  );
}

/** The authentication that a refused request needs. Absent members are not required. */
export interface RequiredAuthentication {
  /** The longest time since the authentication, in seconds. */
  readonly maxAge?: number | undefined;
  /** The levels of which one is needed, in the order of preference. */
  readonly acr?: readonly string[] | undefined;
  /** The methods that are all needed. */
  readonly amr?: readonly string[] | undefined;
}

/** The details of a refusal. Most are present only with certain codes. */
export interface RefusalDetails {
  /** The reason for which the session was ended. Only with `session-ended`. */
  readonly endReason?: EndReason | undefined;
  /** The name of the invalid part of the request. Only with `invalid-request`, and only if a single part is invalid. */
  readonly field?: string | undefined;
  /** The limit that was reached. Only with `session-limit-reached`. */
  readonly per?: 'user' | 'client' | 'device' | 'node' | undefined;
  /** True if the user may end sessions of their choice and continue. Only with `session-limit-reached`. */
  readonly asks?: true | undefined;
  /** The authentication that the request needs. Only with `authentication-insufficient`. */
  readonly required?: RequiredAuthentication | undefined;
  /** The number of seconds after which the client can try again. */
  readonly retryAfter?: number | undefined;
  /** The values of placeholders in the message, such as `{name}`. Without it, the message has no placeholders. */
  readonly values?: MessageValues | undefined;
  /** The error of the database or the network. It is for logs and must not be sent to clients. */
  readonly cause?: unknown;
}

/** Marks the errors of every copy of this package in the process. */
const SESSION_ERROR = Symbol.for('express-identity-sessions.SessionError');

/** The HTTP status of each code. */
const STATUS: Readonly<Record<RefusalCode, number>> = {
  'credentials-missing': 401,
  'credentials-invalid': 401,
  'session-ended': 401,
  'session-expired': 401,
  'authentication-insufficient': 401,
  'ip-changed': 401,
  'credential-changed': 401,
  'binding-required': 401,
  'ticket-invalid': 401,
  'credentials-ambiguous': 400,
  'invalid-request': 400,
  'cross-site': 403,
  'autologin-disabled': 403,
  'permission-missing': 403,
  'session-not-found': 404,
  'link-invalid': 410,
  'session-limit-reached': 409,
  'auth-id-taken': 409,
  'session-id-taken': 409,
  'too-many-requests': 429,
  'store-unavailable': 503,
  'binding-unavailable': 503,
};

/**
 * A refusal: the request was understood and is denied. Wrong use of the package by the app is a `TypeError` instead. It is
 * thrown when a manager or verb is built, if the mistake can be detected by then.
 *
 * An error handler that reads `status`, `headers` and `expose`, as that of Express does, answers it correctly without knowing
 * this class. The message is written for clients.
 *
 * `instanceof SessionError` is also true for errors of another copy of this package. A process can have several copies, for
 * example in two bundles or after `jest.resetModules()`.
 */
export class SessionError extends Error implements RefusalDetails {
  override readonly name = 'SessionError';
  readonly endReason: RefusalDetails['endReason'];
  readonly field: RefusalDetails['field'];
  readonly per: RefusalDetails['per'];
  readonly asks: RefusalDetails['asks'];
  readonly required: RefusalDetails['required'];
  readonly retryAfter: RefusalDetails['retryAfter'];
  readonly values: RefusalDetails['values'];
  /** The English message before its placeholders were replaced. Translations are found by it. */
  readonly template: string;

  constructor(
    readonly code: RefusalCode,
    message: string,
    details: RefusalDetails = {},
  ) {
    const { values, cause } = details;
    super(
      values === undefined ? message : filled(message, values),
      cause === undefined ? undefined : { cause },
    );
    this.template = message;
    this.values = values;
    this.endReason = details.endReason;
    this.field = details.field;
    this.per = details.per;
    this.asks = details.asks;
    this.required = details.required;
    this.retryAfter = details.retryAfter;
  }

  /** Also recognizes errors of other copies of this package. */
  static override [Symbol.hasInstance](value: unknown): value is SessionError {
    if (this !== SessionError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && SESSION_ERROR in value;
  }

  get [SESSION_ERROR](): true {
    return true;
  }

  /** The HTTP status. If the node is full, it is 503: a user can end own sessions, but then only waiting helps. */
  get status(): number {
    return this.per === 'node' ? 503 : STATUS[this.code];
  }

  /** The same as `status`. Some error handlers read this name. */
  get statusCode(): number {
    return this.status;
  }

  /** Always true: the message contains nothing that the client may not see, also with a status of 500 or above. */
  get expose(): true {
    return true;
  }

  /** The headers of a response with this refusal. */
  get headers(): Readonly<Record<string, string>> {
    return {
      'Cache-Control': 'no-store',
      ...(this.status === 401 && { 'WWW-Authenticate': challengeOf(this) }),
      ...(this.retryAfter !== undefined && { 'Retry-After': String(this.retryAfter) }),
    };
  }
}

/** Returns the challenge of a refusal. If the authentication is insufficient, the challenge names the needed one (RFC 9470). */
function challengeOf({ required }: RefusalDetails): string {
  if (required === undefined) return 'Bearer';
  const { maxAge, acr } = required;
  const parameters = [
    'error="insufficient_user_authentication"',
    'error_description="A more recent or a stronger authentication is required"',
    ...(acr === undefined ? [] : [`acr_values="${acr.join(' ')}"`]),
    ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`]),
  ];
  return `Bearer ${parameters.join(', ')}`;
}

/** The messages of refusals that have one message for all their causes. */
const MESSAGES = {
  'credentials-missing': 'Sign in first.',
  'credentials-invalid': 'The session does not exist or the credentials are wrong; sign in again.',
  'session-ended': 'This session was ended; sign in again.',
  'session-expired': 'This session has expired; sign in again.',
  'authentication-insufficient': 'Confirm that it is you: sign in again to continue.',
  'ip-changed': 'This session may not be used from this IP address; sign in again.',
  'binding-required':
    'This session belongs to another device, or this device has lost its key; sign in again.',
  'binding-unavailable': 'The device of this session cannot be checked at the moment; try again later.',
  'credential-changed': 'The credentials were changed during the sign-in; sign in again.',
  'ticket-invalid': 'The sign-in took too long or was already completed; sign in again.',
  'autologin-disabled': 'Autologin is disabled; sign in again.',
  'session-not-found': 'This session does not exist.',
  'store-unavailable': 'The session cannot be checked at the moment; try again later.',
} as const satisfies Partial<Record<RefusalCode, string>>;

/** The messages of `session-ended`, if the reason is known. */
const ENDED: Readonly<Record<EndReason, string>> = {
  'signed-out': 'You have signed out of this session; sign in again.',
  revoked: 'This session was ended from another session; sign in again.',
  replaced: 'A new sign-in with the same browser or client replaced this session; sign in again.',
  displaced: 'A newer sign-in displaced this session; sign in again.',
  'credential-changed':
    'This session was ended because the password or another credential has changed; sign in again.',
  administrator: 'An administrator ended this session; sign in again.',
  'ip-changed': 'This session was ended because it was used from another IP address; sign in again.',
  'secret-reused':
    'This session was ended because a copy of its credentials seems to be in use elsewhere; sign in again.',
  'suspicious-use': 'This session was ended because it was used in an unusual way; sign in again.',
  expired: 'This session has expired; sign in again.',
};

/** A code with a fixed message. */
export type PlainRefusal = keyof typeof MESSAGES;

/** Returns a refusal with the fixed message of its code, and of the reason of an end. */
export function plainRefusal(code: PlainRefusal, details: RefusalDetails = {}): SessionError {
  const { endReason } = details;
  const reasoned = code === 'session-ended' && endReason !== undefined;
  return new SessionError(code, reasoned ? ENDED[endReason] : MESSAGES[code], details);
}

/** Returns the refusal of a request with one invalid part. `field` names the part, and is the value of `{name}`. */
export function invalidRequest(field: string, message: string, values: MessageValues = {}): SessionError {
  return new SessionError('invalid-request', message, { field, values: { name: field, ...values } });
}
