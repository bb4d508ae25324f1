import { once } from 'node:events';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { IdentitySessionManager, IdentitySessionOptions } from '../../lib';
import { systemClock } from '../../lib/clock';
import { appOn } from '../support/app';
import { createDatabase, type TestDatabase } from '../support/database';
import type { Certificate } from '../support/certificate';
import { managerOn } from '../support/manager';
import { Proxy } from '../support/proxy';

interface Node {
  readonly manager: IdentitySessionManager;
  readonly app: ReturnType<typeof appOn>;
}

/** An app on two nodes behind a balancer with HTTPS, which gives each node every other request. */
export class TlsCluster {
  readonly #nodes: Node[] = [];
  readonly #database: TestDatabase;
  readonly #proxy: Proxy;
  readonly #server: Server;
  #requests = 0;
  /** The responses of the app, as `POST /session/binding 200`. */
  readonly answers: string[] = [];
  /** The time by which the clocks of the nodes are ahead, in milliseconds. */
  ahead = 0;

  private constructor(
    database: TestDatabase,
    proxy: Proxy,
    private readonly certificate: Certificate,
    private readonly options: IdentitySessionOptions,
  ) {
    this.#database = database;
    this.#proxy = proxy;
    this.#server = createServer(certificate.tls, (request, response) => {
      const { method, url } = request;
      response.once('finish', () => this.answers.push(`${method} ${url} ${response.statusCode}`));
      const { app } = this.#nodes[this.#requests++ % this.#nodes.length]!;
      app(request as never, response as never);
    });
  }

  static async start(certificate: Certificate, options: IdentitySessionOptions = {}): Promise<TlsCluster> {
    const database = await createDatabase();
    const cluster = new TlsCluster(database, await Proxy.before(database.url), certificate, options);
    cluster.addNode();
    cluster.addNode();
    cluster.#server.listen(0, '127.0.0.1');
    await once(cluster.#server, 'listening');
    return cluster;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  get managers(): readonly IdentitySessionManager[] {
    return this.#nodes.map(({ manager }) => manager);
  }

  /** Sends a request for `/private` with cookies from another device, and returns the status of its answer. */
  steal(cookies: ReadonlyMap<string, string>): Promise<number> {
    const header = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const options = { ca: this.certificate.text, headers: { Cookie: header }, agent: false as const };
      const asked = httpsRequest(`${this.url}/private`, options, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.on('error', reject).end();
    });
  }

  addNode(): void {
    const knex = this.#database.connect({ connection: this.#proxy.through(this.#database.url) });
    const clock = systemClock();
    const manager = managerOn({
      knex,
      clock: { ...clock, now: () => clock.now() + this.ahead },
      ...this.options,
    });
    this.#nodes.push({ manager, app: appOn(manager) });
  }

  /** Stops a node without closing its manager, as a killed process does. */
  async killNode(): Promise<void> {
    const { manager } = this.#nodes.shift()!;
    await manager.close({ timeout: 0 });
  }

  /** Lets the database be unreachable for a time, in milliseconds. */
  async interruptDatabase(time: number): Promise<void> {
    const { port } = this.#proxy;
    await this.#proxy.down();
    await new Promise((resolve) => setTimeout(resolve, time));
    await this.#proxy.up(port);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    for (const { manager } of this.#nodes) await manager.close();
    await this.#proxy.close();
    await this.#database.destroy();
  }
}
