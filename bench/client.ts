import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The next request, or nothing when enough have been sent. */
export type Next = () => Buffer | undefined;

/** Connections that are kept alive; each sends its next request when it has its answer, so as many are always under way. */
export class Client {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async connect(port: number, connections = 32): Promise<Client> {
    return new Client(await Promise.all(Array.from({ length: connections }, () => Connection.open(port))));
  }

  /** Sends requests until there is no next one, and answers how long each took, in milliseconds. */
  async run(next: Next): Promise<number[]> {
    const latencies: number[] = [];
    await Promise.all(this.#connections.map((connection) => this.#work(connection, next, latencies)));
    return latencies;
  }

  /** Sends each request once, and answers all that came back. */
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

  /** Without promises: what the client costs is paid in every block that it measures. */
  #work(connection: Connection, next: Next, latencies: number[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let sent = 0;
      const answered = ({ status }: Answer) => {
        if (status !== 200) {
          reject(new Error(`A request was answered with ${status}.`));
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
    socket.on('close', () => this.#failed(new Error('The server closed a connection.')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  send(request: Buffer, answered: (answer: Answer) => void, failed: (error: Error) => void): void {
    this.#answered = answered;
    this.#failed = failed;
    if (this.#socket.destroyed) failed(new Error('The server closed a connection.'));
    else this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Enough HTTP for what Express sends: a head with a length, and that much body. */
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
