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
  const set = new Set<string>();
  for (const [name, value] of pairsOf(headers)) {
    if (set.has(name.toLowerCase())) response.appendHeader(name, value);
    else response.setHeader(name, value);
    set.add(name.toLowerCase());
  }
  return given.slice(0, -1);
}

type Pair = readonly [name: string, value: string | readonly string[]];

/** Node.js accepts an object, a list of pairs, and a list in which names and values alternate. A value may be a list. */
function pairsOf(headers: object): readonly Pair[] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  if (Array.isArray(headers[0])) return headers as Pair[];
  return Array.from({ length: headers.length / 2 }, (_, pair): Pair => [
    headers[2 * pair],
    headers[2 * pair + 1],
  ]);
}

/** Returns true if the app allows shared caches to store the response and to give it to other clients. */
export function isMarkedPublic(response: Response): boolean {
  const isTargeted = targetedIn(response).some(
    (name) => !KEPT_PRIVATE.test(String(response.getHeader(name))),
  );
  return isTargeted || /(^|[\s,])(public|s-maxage)\b/i.test(cacheControlOf(response));
}

const KEPT_PRIVATE = /(^|[\s,])(no-store|private)\b(?!=)/i;

/** Returns the names of the headers that shared caches obey in place of `Cache-Control` (RFC 9213). Each vendor has one of its own. */
function targetedIn(response: Response): readonly string[] {
  return response.getHeaderNames().filter((name) => /(^|-)(cdn-cache|surrogate)-control$/.test(name));
}

/**
 * Keeps shared caches from storing the response. `Set-Cookie` does not prevent it (RFC 9111, section 7.3).
 * @param directive `private`, which lets the browser store it, or `no-store`
 */
export function keepFromSharedCaches(response: Response, directive: 'private' | 'no-store'): void {
  for (const name of targetedIn(response)) response.removeHeader(name);
  const given = cacheControlOf(response);
  if (KEPT_PRIVATE.test(given)) return;
  const kept = isMarkedPublic(response) || given === '' ? [] : [given];
  response.setHeader('Cache-Control', [...kept, directive].join(', '));
}

function cacheControlOf(response: Response): string {
  return String(response.getHeader('Cache-Control') ?? '');
}
