import type { Answer } from '../../http/dialect';

/**
 * The headers of every answer. Answers are JavaScript text. They must not be stored, and must not be read as another type. URLs
 * of the protocol contain session ids, so that no other request may name them as its referrer.
 */
const HEADERS: Readonly<Record<string, string>> = {
  Expires: 'Sat, 06 May 1995 12:00:00 GMT',
  'Content-Type': 'text/javascript; charset=UTF-8',
  Pragma: 'no-cache',
  'Cache-Control': 'no-store, post-check=0, pre-check=0',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Builds an answer with status 200. The protocol also uses this status for most errors. */
export function answer(body?: object, cookies: readonly string[] = []): Answer {
  return { status: 200, headers: HEADERS, cookies, body };
}

/** The body of an answer that only confirms an action. */
export const DONE = { data: '1' };

/** Builds an answer without a body. */
export function emptyAnswer(status: number): Answer {
  return { ...answer(), status };
}
