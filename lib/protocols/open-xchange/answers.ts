import type { Answer } from '../../http/dialect';

/** What every answer of Open-Xchange says of itself: it is text for scripts, and nobody keeps it. */
const HEADERS: Readonly<Record<string, string>> = {
  Expires: 'Sat, 06 May 1995 12:00:00 GMT',
  'Content-Type': 'text/javascript; charset=UTF-8',
  Pragma: 'no-cache',
  'Cache-Control': 'post-check=0, pre-check=0',
};

/** The usual answer: status 200, whatever it says. */
export function answer(body?: object, cookies: readonly string[] = []): Answer {
  return { status: 200, headers: HEADERS, cookies, body };
}

/** What was asked for has been done. */
export const DONE = { data: '1' };

/** An answer that has nothing to say but its status. */
export function bare(status: number): Answer {
  return { ...answer(), status };
}
