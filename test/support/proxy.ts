import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long what goes through is on its way, in milliseconds. */
export interface Delay {
  readonly requests?: number;
  readonly answers?: number;
}

/** A TCP proxy before a server, which a test makes fail in the ways that networks and servers fail. */
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

  /** Stands before the server of a URL, at an address of this machine. */
  static async before(url: string, host = '127.0.0.1'): Promise<Proxy> {
    const proxy = new Proxy(new URL(url), host);
    await proxy.up(0);
    return proxy;
  }

  /** The same URL by way of the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = this.#host;
    changed.port = String(this.port);
    return changed.href;
  }

  /** Cuts every connection, and refuses new ones: the server is down. */
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
   * From now on nothing comes through, and nobody is told: the server hangs. Or only the one connection that the server
   * knows by this port does.
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

  /** Cuts every connection as a crashed machine does that has come back: it knows nothing of them. */
  reset(): void {
    for (const { client, server } of this.#pairs)
      [client, server].forEach((socket) => socket.resetAndDestroy());
  }

  /** The server forgets its connections, or the one that it knows by this port, and the clients are not told. */
  halfOpen(only?: number): void {
    for (const pair of this.#pairs) {
      if (only !== undefined && pair.server.localPort !== only) continue;
      pair.halfOpen = true;
      pair.server.destroy();
    }
  }

  /** What goes through takes its time, on all connections or those that the server knows by ports of one's choice. */
  slow(delay: Delay, on: (port: number) => boolean = () => true): void {
    this.#delay = (pair) => (on(pair.server.localPort!) ? delay : {});
  }

  /** What goes through comes in pieces of so many bytes. */
  slice(bytes: number): void {
    this.#slice = bytes;
  }

  /** Of so many answers one is lost, together with its connection: the server has done what nobody will hear of. */
  loseAnswers(every: number): void {
    this.#loseEvery = every;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #join(client: Socket, target: URL): void {
    // Without Nagle's algorithm, so that pieces are sent as such.
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
    // One after the other, also when the delay becomes shorter.
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
