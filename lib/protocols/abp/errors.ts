import type { SessionError } from '../../errors';

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
export function errorObject({ code, message, field, endReason }: SessionError): ErrorObject {
  const data = endReason === undefined ? {} : { reason: endReason };
  if (code !== 'invalid-request') return { code, message, details: null, data, validationErrors: null };
  const validationErrors = [{ message, members: field === undefined ? [] : [field] }];
  return { code, message: 'The request is not valid.', details: message, data, validationErrors };
}

/**
 * Returns the `WWW-Authenticate` challenge for a session that has ended. ABP uses it to tell clients that the session is
 * over and the credentials are not wrong. Returns undefined for other refusals.
 */
export function challenge({ code }: SessionError): string | undefined {
  if (code !== 'session-ended' && code !== 'session-expired') return undefined;
  const over = code === 'session-ended' ? 'was ended' : 'has expired';
  return `Bearer error="invalid_token", error_description="The session ${over}; sign in again."`;
}
