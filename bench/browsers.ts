import type { Client } from './client';
import { people, userAgent } from './people';

/** Many people, each signed in from a browser. */
export interface Browsers {
  /** The request of each, with its cookies. */
  readonly requests: readonly Buffer[];
  /** The requests one after the other, again and again. */
  readonly roundRobin: () => Buffer;
  /** Any of them. */
  readonly random: () => Buffer;
}

/** Signs in once for each browser, and makes sure that each is then taken for the user whom it signed in as. */
export async function signIn(client: Client, count: number): Promise<Browsers> {
  const signIns = people(count).map((user, browser) => request('POST', `/sign-in?user=${user}`, browser, ''));
  const signedIn = await client.sendAll(signIns);
  const requests = signedIn.map(({ head }, browser) =>
    request('GET', locationIn(head) ?? '/', browser, cookiesIn(head)),
  );

  const answers = await client.sendAll(requests);
  answers.forEach(({ status, body }, browser) => {
    const expected = signedIn[browser]!.body;
    if (status !== 200 || body !== expected)
      throw new Error(`Expected ${expected} and got ${status} ${body}`);
  });

  let sent = 0;
  return {
    requests,
    roundRobin: () => requests[sent++ % count]!,
    random: () => requests[Math.floor(Math.random() * count)]!,
  };
}

function request(method: string, path: string, browser: number, cookies: string): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `User-Agent: ${userAgent(browser)}`,
    'Accept: */*',
    ...(cookies === '' ? [] : [`Cookie: ${cookies}`]),
    ...(method === 'POST' ? ['Content-Length: 0'] : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** What a browser would send back. */
function cookiesIn(head: string): string {
  return Array.from(head.matchAll(/^Set-Cookie: ([^;\r]+)/gim), ([, pair]) => pair).join('; ');
}

/** Where the session is used, when that is said. */
function locationIn(head: string): string | undefined {
  return /^Location: (.*)/im.exec(head)?.[1];
}
