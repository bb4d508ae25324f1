import type { Answer } from '../../http/dialect';

/**
 * The headers of every answer. Answers must not be stored, and must not be read as another type. URLs of the protocol contain
 * session ids, so that no other request may name them as its referrer.
 */
const HEADERS: Readonly<Record<string, string>> = {
  Expires: 'Sat, 06 May 1995 12:00:00 GMT',
  Pragma: 'no-cache',
  'Cache-Control': 'no-store, post-check=0, pre-check=0',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Functions that build answers. */
export interface Answers {
  /** Builds an answer with status 200. The protocol also uses this status for most errors. */
  readonly answer: (body?: object, cookies?: readonly string[]) => Answer;
  /** Builds an answer without a body. */
  readonly emptyAnswer: (status: number) => Answer;
}

/** Creates the functions for a generation, which determines the content type. */
export function answersOf({ contentType }: { readonly contentType: string }): Answers {
  const headers = { ...HEADERS, 'Content-Type': contentType };
  const answer: Answers['answer'] = (body, cookies = []) => ({ status: 200, headers, cookies, body });
  return { answer, emptyAnswer: (status) => ({ ...answer(), status }) };
}

/** The body of an answer that only confirms an action. */
export const DONE = { data: '1' };

/** Turns an answer into a redirect to the location. */
export function redirected(answer: Answer, location: string): Answer {
  return { ...answer, status: 302, headers: { ...answer.headers, Location: location } };
}
