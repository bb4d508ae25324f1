import type { Client } from './client';
import { people, userAgent } from './people';

/** Many signed-in users, each with a browser. */
export interface Browsers {
  /** One request for each browser, with its cookies. */
  readonly requests: readonly Buffer[];
  /** Returns the requests in turn, again and again. */
  readonly roundRobin: () => Buffer;
  /** Returns a random request. */
  readonly random: () => Buffer;
}

/** Signs in once with each browser, and checks that the session of each browser belongs to the right user. */
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
      throw new Error(`Expected ${expected} and received ${status} ${body}`);
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

/** Returns the `Cookie` header that a browser would send. */
function cookiesIn(head: string): string {
  return Array.from(head.matchAll(/^Set-Cookie: ([^;\r]+)/gim), ([, pair]) => pair).join('; ');
}

/** Returns the URL at which the session is used, if the answer contains one. */
function locationIn(head: string): string | undefined {
  return /^Location: (.*)/im.exec(head)?.[1];
}
