import { userAgent } from './people';

/** Returns a request of a browser. */
export function request(
  method: string,
  path: string,
  browser: number,
  cookies: string,
  headers: readonly string[] = [],
): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `User-Agent: ${userAgent(browser)}`,
    'Accept: */*',
    ...(cookies === '' ? [] : [`Cookie: ${cookies}`]),
    ...headers,
    ...(method === 'POST' ? ['Content-Length: 0'] : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Returns the `Cookie` header that a browser would send. */
export function cookiesIn(head: string): string {
  return Array.from(head.matchAll(/^Set-Cookie: ([^;\r]+)/gim), ([, pair]) => pair).join('; ');
}
