import type { SessionError } from '../../errors';

/** An error as ABP's clients read it. */
export interface ErrorObject {
  readonly code: string;
  /** What people are shown. */
  readonly message: string;
  readonly details: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** What is wrong with the request, and with which parts of it; null when it is something else. */
  readonly validationErrors: readonly ValidationError[] | null;
}

interface ValidationError {
  readonly message: string;
  readonly members: readonly string[];
}

/** A refusal in ABP's form, with this package's code: programs may tell refusals apart by it. */
export function errorObject({ code, message, field, endReason }: SessionError): ErrorObject {
  const data = endReason === undefined ? {} : { reason: endReason };
  if (code !== 'invalid-request') return { code, message, details: null, data, validationErrors: null };
  const validationErrors = [{ message, members: field === undefined ? [] : [field] }];
  return { code, message: 'The request is not valid.', details: message, data, validationErrors };
}

/**
 * The challenge to a client whose session is over: ABP says there, beside the body, that it is not the credentials that
 * were wrong. Undefined for every other refusal.
 */
export function challenge({ code }: SessionError): string | undefined {
  if (code !== 'session-ended' && code !== 'session-expired') return undefined;
  const over = code === 'session-ended' ? 'was ended' : 'has expired';
  return `Bearer error="invalid_token", error_description="The session ${over}; sign in again."`;
}
