import { SessionError } from '../../errors';
import { displayRefusal, ENGLISH, type Messages } from '../../session/i18n/messages';

/** An error in the form that ABP's clients read. */
export interface ErrorObject {
  readonly code: string;
  /** The message for users. */
  readonly message: string;
  readonly details: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** The invalid parts of the request. Null if the error has another cause. */
  readonly validationErrors: readonly ValidationError[] | null;
}

interface ValidationError {
  readonly message: string;
  readonly members: readonly string[];
}

/** Converts a refusal to ABP's form. `code` is this package's code, so that programs can tell refusals apart. */
export function errorObject(error: SessionError, messages: Messages = ENGLISH): ErrorObject {
  const { code, field, endReason, required } = error;
  const message = displayRefusal(error, messages);
  const data = { ...(endReason && { reason: endReason }), ...(required && { required }) };
  if (code !== 'invalid-request') return { code, message, details: null, data, validationErrors: null };
  const validationErrors = [{ message, members: field === undefined ? [] : [field] }];
  const summary = displayRefusal(new SessionError(code, 'The request is not valid.'), messages);
  return { code, message: summary, details: message, data, validationErrors };
}

/**
 * Returns the `WWW-Authenticate` challenge for a session that has ended. ABP uses it to tell clients that the session is
 * over and the credentials are not wrong. It is in English, because a header cannot contain other letters. Returns undefined for
 * other refusals.
 */
export function challenge({ code, endReason }: SessionError): string | undefined {
  if (code !== 'session-ended' && code !== 'session-expired') return undefined;
  const ended = endReason === 'displaced' ? 'was displaced by a newer sign-in' : 'was ended';
  const over = code === 'session-ended' ? ended : 'has expired';
  return `Bearer error="invalid_token", error_description="The session ${over}; sign in again."`;
}
