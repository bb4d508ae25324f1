import { DeviceKey } from '../test/support/device-key';
import type { Answer, Client } from './client';
import { cookiesIn, request } from './requests';

/** A browser's device with the key of a bound session. It makes its proofs in software. */
export class Device {
  readonly #key = new DeviceKey();
  #session = '';
  #cookies: string;

  private constructor(
    readonly browser: number,
    cookies: string,
    private readonly path: string,
    private readonly challenge: string,
  ) {
    this.#cookies = cookies;
  }

  /** Returns a device if the answer to a sign-in offers to bind the session. */
  static offered(head: string, browser: number): Device | undefined {
    const [, path, challenge] = OFFER.exec(head) ?? [];
    return path === undefined ? undefined : new Device(browser, cookiesIn(head), path, challenge!);
  }

  /** The cookies of its browser. */
  get cookies(): string {
    return this.#cookies;
  }

  /** Returns the request that registers the key. */
  registration(): Buffer {
    return this.#request([`Secure-Session-Response: "${this.#key.registration(this.challenge)}"`]);
  }

  /** Keeps the bound cookie in the answer to the registration. */
  registered({ status, head, body }: Answer): void {
    if (status !== 200) throw new Error(`A device could not register: ${status} ${body}`);
    this.#session = (JSON.parse(body) as { session_identifier: string }).session_identifier;
    this.#cookies = `${this.#cookies}; ${cookiesIn(head)}`;
  }

  /** Returns a request that the guard refuses, because the thief who sends it has only the cookie of the session. */
  withoutBoundCookie(): Buffer {
    return request('GET', '/', this.browser, this.#cookies.replace(/; .*/, ''));
  }

  /** Renews the bound cookie as a browser does: it asks for a challenge, signs it, and sends the proof. */
  async renew(client: Client): Promise<void> {
    const session = `Sec-Secure-Session-Id: "${this.#session}"`;
    const [asked] = await client.sendAll([this.#request([session])]);
    const [, challenge] = CHALLENGE.exec(asked!.head) ?? [];
    if (challenge === undefined) throw new Error(`A device received no challenge: ${asked!.status}`);
    const proof = `Secure-Session-Response: "${this.#key.proof(challenge)}"`;
    const [renewed] = await client.sendAll([this.#request([session, proof])]);
    if (renewed!.status !== 200 || cookiesIn(renewed!.head) === '') {
      throw new Error(`A device could not renew its cookie: ${renewed!.status} ${renewed!.body}`);
    }
  }

  #request(headers: readonly string[]): Buffer {
    return request('POST', this.path, this.browser, this.#cookies, headers);
  }
}

const OFFER = /^Secure-Session-Registration: \(ES256\);path="([^"]+)";challenge="([^"]+)"/im;
const CHALLENGE = /^Secure-Session-Challenge: "([^"]+)"/im;
