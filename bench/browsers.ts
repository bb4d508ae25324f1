import type { Client } from './client';
import { Device } from './device';
import { people } from './people';
import { cookiesIn, request } from './requests';

/** Many signed-in users, each with a browser. */
export interface Browsers {
  /** The devices of the browsers whose sessions are bound. */
  readonly devices: readonly Device[];
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
  const offered = signedIn.flatMap(({ head }, browser) => Device.offered(head, browser) ?? []);
  const registered = await client.sendAll(offered.map((device) => device.registration()));
  registered.forEach((answer, index) => offered[index]!.registered(answer));
  const boundCookies = new Map(offered.map(({ browser, cookies }) => [browser, cookies]));
  const requests = signedIn.map(({ head }, browser) =>
    request('GET', locationIn(head) ?? '/', browser, boundCookies.get(browser) ?? cookiesIn(head)),
  );

  const answers = await client.sendAll(requests);
  answers.forEach(({ status, body }, browser) => {
    const expected = signedIn[browser]!.body;
    if (status !== 200 || body !== expected)
      throw new Error(`Expected ${expected} and received ${status} ${body}`);
  });

  let sent = 0;
  return {
    devices: offered,
    requests,
    roundRobin: () => requests[sent++ % count]!,
    random: () => requests[Math.floor(Math.random() * count)]!,
  };
}

/** Returns the URL at which the session is used, if the answer contains one. */
function locationIn(head: string): string | undefined {
  return /^Location: (.*)/im.exec(head)?.[1];
}
