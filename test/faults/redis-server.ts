import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from '../../examples/demo/embedded-postgres/free-port';

/** The upper limit for ports, because the bus of a cluster uses a port that is 10,000 higher. */
const PORTS_BELOW = 55_000;

/** The default channel of `redisHint`. */
const CHANNEL = 'identity_session_changes';

/** A Redis server that a test can kill, freeze and restart. */
export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #arguments: readonly string[];
  #process!: ChildProcess;

  private constructor(port: number, isCluster: boolean) {
    this.port = port;
    this.#arguments = [
      ...[
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        this.#folder,
      ],
      ...(isCluster ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : []),
      ...(isCluster ? ['--cluster-config-file', 'nodes.conf'] : []),
    ];
  }

  static get isInstalled(): boolean {
    return spawnSync('redis-server', ['--version']).status === 0;
  }

  /** @throws `Error` if `redis-server` is not installed */
  static async start(kind: 'single' | 'cluster' = 'single'): Promise<RedisServer> {
    const server = new RedisServer(await freePort(PORTS_BELOW), kind === 'cluster');
    await server.up();
    // The only node of the cluster gets all slots.
    if (kind === 'cluster') await server.#send('cluster', 'addslotsrange', '0', '16383');
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    this.#process = spawn('redis-server', this.#arguments, { stdio: 'ignore' });
    const failed = new Promise<never>((_, reject) => {
      this.#process.once('error', (cause) =>
        reject(
          new Error('redis-server cannot be started: install it with `apt-get install redis-server`', {
            cause,
          }),
        ),
      );
    });
    await Promise.race([this.#send('ping'), failed]);
  }

  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  /** Freezes the server. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Publishes false notifications for the given time in milliseconds, more often than a node may act on them. */
  async lie(time: number): Promise<void> {
    const until = performance.now() + time;
    while (performance.now() < until) {
      await this.#send('eval', "for _ = 1, 100 do redis.call('publish', ARGV[1], '') end", '0', CHANNEL);
      await sleep(10);
    }
  }

  /** The client ports of the subscribed connections, as the server sees them. */
  async subscribers(): Promise<number[]> {
    const clients = await this.#send('client', 'list', 'type', 'pubsub');
    return [...clients.matchAll(/ addr=\S+:(\d+) /g)].map(([, port]) => Number(port));
  }

  async #send(...command: string[]): Promise<string> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: () => 20 } });
    client.on('error', () => undefined);
    await client.connect();
    const answer = await client.sendCommand<unknown>(command);
    client.destroy();
    // The cluster needs a moment to notice that it is complete.
    if (command[0] === 'cluster') await sleep(2000);
    return typeof answer === 'string' ? answer : '';
  }
}
