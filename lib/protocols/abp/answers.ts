import type { Answer } from '../../http/dialect';

/** What is said of sessions is for nobody but who asked. */
const PRIVATE = { 'Cache-Control': 'no-store' };

/** What was asked for. */
export function answer(body: object): Answer {
  return { status: 200, headers: PRIVATE, cookies: [], body };
}

/** It is done, and there is nothing to say of it. */
export const DONE: Answer = { status: 204, headers: PRIVATE, cookies: [] };
