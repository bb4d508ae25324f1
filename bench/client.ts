import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Returns the next request, or `undefined` when enough were sent. */
export type Next = () => Buffer | undefined;

/** Several persistent connections. Each sends its next request after its answer, so all of them are always busy. */
export class Client {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async connect(port: number, connections = 32): Promise<Client> {
    return new Client(await Promise.all(Array.from({ length: connections }, () => Connection.open(port))));
  }

  /** Sends requests until `next` returns `undefined`. Returns the latency of each request, in milliseconds. */
  async run(next: Next): Promise<number[]> {
    const latencies: number[] = [];
    await Promise.all(this.#connections.map((connection) => this.#work(connection, next, latencies)));
    return latencies;
  }

  /** Sends each request once. Returns the answers in the order of the requests. */
  async sendAll(requests: readonly Buffer[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    let sent = 0;
    const work = async (connection: Connection) => {
      while (sent < requests.length) {
        const index = sent++;
        answers[index] = await new Promise((resolve, reject) =>
          connection.send(requests[index]!, resolve, reject),
        );
      }
    };
    await Promise.all(this.#connections.map(work));
    return answers;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Uses no promise per request, because the client's own cost is part of every measurement. */
  #work(connection: Connection, next: Next, latencies: number[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let sent = 0;
      const answered = ({ status }: Answer) => {
        if (status !== 200) {
          reject(new Error(`A request was answered with status ${status}`));
          return;
        }
        latencies.push(performance.now() - sent);
        go();
      };
      const go = () => {
        const request = next();
        if (request === undefined) {
          resolve();
          return;
        }
        sent = performance.now();
        connection.send(request, answered, reject);
      };
      go();
    });
  }
}

class Connection {
  readonly #socket: Socket;
  #received = '';
  #answered: (answer: Answer) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('The server closed a connection')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  send(request: Buffer, answered: (answer: Answer) => void, failed: (error: Error) => void): void {
    this.#answered = answered;
    this.#failed = failed;
    if (this.#socket.destroyed) failed(new Error('The server closed a connection'));
    else this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Parses only the form of HTTP that Express sends here: a head with a `Content-Length`, and the body. */
  #receive(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    const received = this.#received;
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const lengthAt = received.indexOf('Content-Length: ') + 'Content-Length: '.length;
    const length = Number(received.slice(lengthAt, received.indexOf('\r\n', lengthAt)));
    const bodyAt = headEnd + 4;
    if (received.length < bodyAt + length) return;
    this.#received = '';
    this.#answered({
      status: Number(received.slice(9, 12)),
      head: received.slice(0, headEnd),
      body: received.slice(bodyAt),
    });
  }
}
