/** A response of supertest, or of `fetch`. */
export interface ResponseWithCookies {
  readonly headers: HeadersWithCookies;
}

/** The headers of a response, as supertest or as `fetch` returns them. */
export type HeadersWithCookies =
  | { readonly 'set-cookie'?: unknown }
  | {
      /** Returns the lines of `Set-Cookie`. */
      readonly getSetCookie: () => string[];
    };

/**
 * Returns the `Cookie` header that a browser would send after the response: `request(app).get('/').set('Cookie',
 * cookieHeader(response))`. The agent of supertest sends `Secure` and `__Host-Http-` cookies only over HTTPS, so that a test over plain
 * HTTP would look signed out. Cookies that the response clears are left out. Returns '' if the response sets none.
 */
export function cookieHeader({ headers }: ResponseWithCookies): string {
  return setCookiesIn(headers)
    .filter((line) => !isCleared(line))
    .map((line) => line.split(';', 1)[0])
    .join('; ');
}

function setCookiesIn(headers: ResponseWithCookies['headers']): readonly string[] {
  if ('getSetCookie' in headers) return headers.getSetCookie();
  const { 'set-cookie': lines = [] } = headers;
  return [lines].flat() as string[];
}

function isCleared(line: string): boolean {
  const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1];
  return /;\s*max-age=(0|-)/i.test(line) || (expires !== undefined && Date.parse(expires) === 0);
}
