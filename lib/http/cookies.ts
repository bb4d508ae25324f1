/**
 * Returns all values of a cookie in the `Cookie` header, in their order. Reads the raw header, because a parser would hide
 * duplicates. Compares names exactly: browsers keep unusual spaces in names, which some servers trim.
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  if (header === undefined) return values;
  const begin = `${name}=`;
  for (let at = nextPair(header, begin, 0); at >= 0; at = nextPair(header, begin, at)) {
    values.push(valueAt(header, at));
  }
  return values;
}

/** Returned by `onlyValue` if the header contains the cookie more than once. */
export const SEVERAL = Symbol('several');

/**
 * Returns the value of a cookie as `cookieValues` does, without making a list. Returns undefined if the header does not contain it.
 * @param begin The name of the cookie with `=`.
 */
export function onlyValue(header: string, begin: string): string | typeof SEVERAL | undefined {
  const at = nextPair(header, begin, 0);
  if (at < 0) return undefined;
  return nextPair(header, begin, at) < 0 ? valueAt(header, at) : SEVERAL;
}

/** Returns the position of the value in the next pair that begins so, or -1. */
function nextPair(header: string, begin: string, from: number): number {
  for (let at = header.indexOf(begin, from); at >= 0; at = header.indexOf(begin, at + begin.length)) {
    if (startsPair(header, at)) return at + begin.length;
  }
  return -1;
}

/** Returns true if the header or one of its pairs begins at `at`, apart from spaces and tabs. */
function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before--;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

function isBlank(character: number): boolean {
  return character === SPACE || character === TAB;
}

function valueAt(header: string, start: number): string {
  const end = header.indexOf(';', start);
  return header.slice(start, end < 0 ? undefined : end).trimEnd();
}

/** The options from which the names of cookies follow. */
export interface NamedCookies {
  readonly name: string;
  readonly secure: boolean;
}

/** Returns the name of a cookie. Browsers accept the prefix only for this host, and only over HTTPS. */
export function namedCookie({ name, secure }: NamedCookies, suffix = ''): string {
  return `${secure ? '__Host-' : ''}${name}${suffix}`;
}

export interface CookieAttributes {
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly partitioned: boolean;
  /** In seconds. If it is not set, the browser deletes the cookie when it is closed. */
  readonly maxAge?: number | undefined;
}

const SAME_SITE = { lax: 'SameSite=Lax', strict: 'SameSite=Strict', none: 'SameSite=None' } as const;

/** Returns a value for `Set-Cookie`: a cookie for all paths of this host that scripts cannot read. */
export function setCookie(
  name: string,
  value: string,
  { secure, sameSite, partitioned, maxAge }: CookieAttributes,
): string {
  const parts = [`${name}=${value}`, 'Path=/'];
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  parts.push('HttpOnly');
  if (secure) parts.push('Secure');
  parts.push(SAME_SITE[sameSite]);
  if (partitioned) parts.push('Partitioned');
  return parts.join('; ');
}
