import type { Answer } from '../../http/dialect';
import { PRIVATE } from '../../http/rest';

/** Builds an answer with status 200. */
export function answer(body: object): Answer {
  return { status: 200, headers: PRIVATE, cookies: [], body };
}

/** The answer after an action without a result. */
export const DONE: Answer = { status: 204, headers: PRIVATE, cookies: [] };
