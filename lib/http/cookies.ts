/**
 * Every value that the request gives for the cookie, in order. Read from the raw header, because a parser would hide
 * that there are two, and by the exact name: browsers keep odd spaces in names that servers trim away.
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  if (header === undefined) return values;
  const wanted = `${name}=`;
  for (let at = header.indexOf(wanted); at >= 0; at = header.indexOf(wanted, at + wanted.length)) {
    if (startsPair(header, at)) values.push(valueAt(header, at + wanted.length));
  }
  return values;
}

/** Whether what stands there is the beginning of the header or of a pair, after spaces and tabs. */
function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (header[before] === ' ' || header[before] === '\t')) before--;
  return before < 0 || header[before] === ';';
}

function valueAt(header: string, start: number): string {
  const end = header.indexOf(';', start);
  return header.slice(start, end < 0 ? undefined : end).trimEnd();
}

export interface CookieAttributes {
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict';
  /** In seconds; without it the cookie ends with the browser's session. */
  readonly maxAge?: number | undefined;
}

/** A value of `Set-Cookie`, for all paths of this host and out of reach of scripts. */
export function setCookie(
  name: string,
  value: string,
  { secure, sameSite, maxAge }: CookieAttributes,
): string {
  const parts = [`${name}=${value}`, 'Path=/'];
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  parts.push('HttpOnly');
  if (secure) parts.push('Secure');
  parts.push(sameSite === 'lax' ? 'SameSite=Lax' : 'SameSite=Strict');
  return parts.join('; ');
}
