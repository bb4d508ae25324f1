import { randomUUID } from 'node:crypto';

import type { Client } from './client';

/** Many people, each signed in from a browser. */
export interface Browsers {
  /** The request of each, with its cookies. */
  readonly requests: readonly Buffer[];
  /** The requests one after the other, again and again. */
  roundRobin(): Buffer;
  /** Any of them. */
  random(): Buffer;
}

const SESSIONS_A_USER = 5;

const USER_AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
];

export function userAgent(browser: number): string {
  return USER_AGENTS[browser % USER_AGENTS.length]!;
}

/** Signs in once for each browser, and makes sure that each is then taken for the user whom it signed in as. */
export async function signIn(client: Client, count: number): Promise<Browsers> {
  const signIns = Array.from(users(count), (user, browser) => request('POST', `/sign-in?user=${user}`, browser, ''));
  const signedIn = await client.sendAll(signIns);
  const requests = signedIn.map(({ head }, browser) => request('GET', '/', browser, cookiesIn(head)));

  const answers = await client.sendAll(requests);
  answers.forEach(({ status, body }, browser) => {
    const expected = signedIn[browser]!.body;
    if (status !== 200 || body !== expected) throw new Error(`Expected ${expected} and got ${status} ${body}`);
  });

  let sent = 0;
  return {
    requests,
    roundRobin: () => requests[sent++ % count]!,
    random: () => requests[Math.floor(Math.random() * count)]!,
  };
}

export function users(sessions: number): string[] {
  const ids = Array.from({ length: Math.ceil(sessions / SESSIONS_A_USER) }, () => randomUUID());
  return Array.from({ length: sessions }, (_, session) => ids[session % ids.length]!);
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
