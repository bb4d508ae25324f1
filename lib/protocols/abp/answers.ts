import type { Answer } from '../../http/dialect';

/** Answers about sessions must not be cached. */
const HEADERS = { 'Cache-Control': 'no-store' };

/** Builds an answer with status 200. */
export function answer(body: object): Answer {
  return { status: 200, headers: HEADERS, cookies: [], body };
}

/** The answer after an action without a result. */
export const DONE: Answer = { status: 204, headers: HEADERS, cookies: [] };
