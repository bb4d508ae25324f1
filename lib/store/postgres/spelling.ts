import { isUnstorable } from '../../database/failures';
import type { Revocation } from '../../session/revocation';
import type { StoredSession } from '../../session/session';
import type { Admission, End, SearchFilter } from '../store';

/** Returns descriptive text as it is written to the database. */
export type Spelling = <T extends string | null | undefined>(text: T) => T;

/**
 * Runs a call with descriptive text as it is. If the encoding of the database cannot represent it, runs the call again with
 * a question mark for every character that is not ASCII: a description must not prevent a sign-in or an end.
 * @throws SessionError `invalid-request` if another value of the call cannot be represented
 */
export async function spelled<T>(call: (spelling: Spelling) => Promise<T>): Promise<T> {
  try {
    return await call((text) => text);
  } catch (error) {
    if (!isUnstorable(error)) throw error;
    return call(inAscii);
  }
}

const inAscii: Spelling = <T extends string | null | undefined>(text: T) =>
  text?.replace(/[^\x20-\x7e]/gu, '?') as T;

/** Returns the session with its descriptions in another spelling. */
export function sessionIn(spelling: Spelling, session: StoredSession): StoredSession {
  return {
    ...session,
    clientId: spelling(session.clientId),
    device: spelling(session.device),
    deviceInfo: spelling(session.deviceInfo),
    userAgent: spelling(session.userAgent),
  };
}

/** Returns the admission with its descriptions in another spelling. */
export function admissionIn(spelling: Spelling, admission: Admission): Admission {
  const displaces = admission.displaces.map(({ which, end }) => ({
    which: revocationIn(spelling, which),
    end: endIn(spelling, end),
  }));
  return { ...admission, displaces };
}

/** Returns the revocation with its kind of device in another spelling. */
export function revocationIn(spelling: Spelling, which: Revocation): Revocation {
  return which.device === undefined ? which : { ...which, device: spelling(which.device) };
}

/** Returns the end with its actor in another spelling. */
export function endIn<E extends Pick<End, 'by'>>(spelling: Spelling, end: E): E {
  return { ...end, by: spelling(end.by) };
}

/** Returns the filter with its descriptions in another spelling. */
export function filterIn(spelling: Spelling, filter: SearchFilter): SearchFilter {
  return {
    ...filter,
    ...(filter.device !== undefined && { device: spelling(filter.device) }),
    ...(filter.clientId !== undefined && { clientId: spelling(filter.clientId) }),
  };
}
