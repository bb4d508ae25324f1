import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The delay of requests and of answers, in milliseconds. */
export interface Delay {
  readonly requests?: number;
  readonly answers?: number;
}

/** A TCP proxy in front of a server. Tests use it to simulate failures of networks and servers. */
export class Proxy {
  readonly #server: Server;
  readonly #host: string;
  readonly #pairs = new Set<Pair>();
  #silent = false;
  #delay: (pair: Pair) => Delay = () => ({});
  #slice = Infinity;
  #loseEvery = Infinity;
  #answers = 0;

  private constructor(target: URL, host: string) {
    this.#host = host;
    this.#server = createServer((client) => this.#join(client, target));
  }

  /** Starts a proxy in front of the server of a URL, at an address of this machine. */
  static async before(url: string, host = '127.0.0.1'): Promise<Proxy> {
    const proxy = new Proxy(new URL(url), host);
    await proxy.up(0);
    return proxy;
  }

  /** The same URL with the proxy's address. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = this.#host;
    changed.port = String(this.port);
    return changed.href;
  }

  /** Closes all connections and refuses new ones, as if the server was down. */
  async down(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { client, server } of this.#pairs) [client, server].forEach((socket) => socket.destroy());
    await closed;
  }

  async up(port: number): Promise<void> {
    this.#server.listen(port, this.#host);
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Stops passing data, without closing connections, as if the server hangs.
   * @param only The local port of the proxy's connection to the server, to silence only this one.
   */
  silence(only?: number): void {
    this.#silent = only === undefined;
    for (const pair of this.#pairs) {
      if (only === undefined || pair.server.localPort === only) pause(pair);
    }
  }

  resume(): void {
    this.#silent = false;
    for (const { client, server } of this.#pairs) [client, server].forEach((socket) => socket.resume());
  }

  /** Resets all connections, like a machine that crashed and came back. */
  reset(): void {
    for (const { client, server } of this.#pairs)
      [client, server].forEach((socket) => socket.resetAndDestroy());
  }

  /** Closes the connections on the server's side only, or only the one with this local port. Clients do not notice. */
  halfOpen(only?: number): void {
    for (const pair of this.#pairs) {
      if (only !== undefined && pair.server.localPort !== only) continue;
      pair.halfOpen = true;
      pair.server.destroy();
    }
  }

  /** Delays data on all connections, or on those whose local port to the server satisfies the condition. */
  slow(delay: Delay, on: (port: number) => boolean = () => true): void {
    this.#delay = (pair) => (on(pair.server.localPort!) ? delay : {});
  }

  /** Passes data in pieces of the given number of bytes. */
  slice(bytes: number): void {
    this.#slice = bytes;
  }

  /** Drops every n-th answer together with its connection. The server has executed the request, but the client does not know. */
  loseAnswers(every: number): void {
    this.#loseEvery = every;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #join(client: Socket, target: URL): void {
    // Without Nagle's algorithm, so that pieces are not joined again.
    const server = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    client.setNoDelay(true);
    const pair: Pair = { client, server, halfOpen: false };
    this.#pairs.add(pair);
    this.#pass(client, server, () => this.#delay(pair).requests);
    this.#pass(
      server,
      client,
      () => this.#delay(pair).answers,
      () => this.#loses(pair),
    );
    client.on('close', () => {
      server.destroy();
      this.#pairs.delete(pair);
    });
    server.on('close', () => {
      if (!pair.halfOpen) client.destroy();
    });
    if (this.#silent) pause(pair);
  }

  #pass(from: Socket, to: Socket, delay: () => number | undefined, loses = () => false): void {
    // Keeps the order, even if the delay becomes shorter.
    let passing = Promise.resolve();
    from.on('error', () => to.destroy());
    from.on('data', (data) => {
      if (loses()) return;
      const due = performance.now() + (delay() ?? 0);
      passing = passing.then(() => this.#deliver(data, to, due));
    });
  }

  async #deliver(data: Buffer, to: Socket, due: number): Promise<void> {
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    for (let sent = 0; sent < data.length; sent += this.#slice) {
      const piece = data.subarray(sent, sent + this.#slice);
      await new Promise((sent) => to.write(piece, sent));
    }
  }

  #loses({ client, server }: Pair): boolean {
    if (this.#loseEvery === Infinity || ++this.#answers % this.#loseEvery !== 0) return false;
    server.destroy();
    client.resetAndDestroy();
    return true;
  }
}

/** The two sockets of a connection. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  halfOpen: boolean;
}

function pause({ client, server }: Pair): void {
  client.pause();
  server.pause();
}
