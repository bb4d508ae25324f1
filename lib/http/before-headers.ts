import type { Response } from 'express';

/**
 * Calls `act` once, immediately before the headers of the response are written. By then the app has set all its headers, also
 * those that it passes to `writeHead`, and `act` can still change them.
 */
export function beforeHeaders(response: Response, act: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => Response;
  let acted = false;
  response.writeHead = function writeHeadAfterAct(...given: unknown[]): Response {
    if (acted) return writeHead(...given);
    acted = true;
    const rest = withoutHeaders(response, given);
    act();
    return writeHead(...rest);
  };
}

/** Sets the headers among the arguments of `writeHead` on the response, and returns the other arguments. */
function withoutHeaders(response: Response, given: readonly unknown[]): readonly unknown[] {
  const headers = given.at(-1);
  if (typeof headers !== 'object' || headers === null) return given;
  // Node.js accepts an object, a list of pairs, and a list in which names and values alternate.
  const flat = (Array.isArray(headers) ? headers : Object.entries(headers)).flat() as string[];
  const set = new Set<string>();
  for (let at = 0; at < flat.length; at += 2) {
    const name = flat[at]!.toLowerCase();
    if (set.has(name)) response.appendHeader(flat[at]!, flat[at + 1]!);
    else response.setHeader(flat[at]!, flat[at + 1]!);
    set.add(name);
  }
  return given.slice(0, -1);
}

/** Returns true if the app allows shared caches to store the response and to give it to other clients. */
export function isMarkedPublic(response: Response): boolean {
  return /(^|[\s,])(public|s-maxage)\b/i.test(cacheControlOf(response));
}

/**
 * Keeps shared caches from storing the response. `Set-Cookie` does not prevent it (RFC 9111, section 7.3).
 * @param directive `private`, which lets the browser store it, or `no-store`
 */
export function keepFromSharedCaches(response: Response, directive: 'private' | 'no-store'): void {
  const given = cacheControlOf(response);
  if (/(^|[\s,])(no-store|private)\b(?!=)/i.test(given)) return;
  const kept = isMarkedPublic(response) || given === '' ? [] : [given];
  response.setHeader('Cache-Control', [...kept, directive].join(', '));
}

function cacheControlOf(response: Response): string {
  return String(response.getHeader('Cache-Control') ?? '');
}
