import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from '../../examples/demo/embedded-postgres/free-port';

/** Below which ports are taken: the bus of a cluster is on one that is 10,000 higher. */
const PORTS_BELOW = 55_000;

/** Where news are told, unless an app wants it otherwise. */
const CHANNEL = 'identity_session_changes';

/** A Redis of one's own, which a test may kill, stop and start again. */
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

  /** @throws when `redis-server` is not installed: what needs it cannot be tested without */
  static async start(kind: 'single' | 'cluster' = 'single'): Promise<RedisServer> {
    const server = new RedisServer(await freePort(PORTS_BELOW), kind === 'cluster');
    await server.up();
    // A cluster of one: it has all slots.
    if (kind === 'cluster') await server.#tell('cluster', 'addslotsrange', '0', '16383');
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    this.#process = spawn('redis-server', this.#arguments, { stdio: 'ignore' });
    const failed = new Promise<never>((_, reject) => {
      this.#process.once('error', (cause) =>
        reject(new Error('redis-server cannot be started: `apt-get install redis-server`', { cause })),
      );
    });
    await Promise.race([this.#tell('ping'), failed]);
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

  /** From now on it says nothing, and nobody is told. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Says for a while, many times as often as anybody may act on it, that something has changed. */
  async lie(time: number): Promise<void> {
    const until = performance.now() + time;
    while (performance.now() < until) {
      await this.#tell('eval', "for _ = 1, 100 do redis.call('publish', ARGV[1], '') end", '0', CHANNEL);
      await sleep(10);
    }
  }

  /** The ports by which it knows those who have subscribed to something. */
  async subscribers(): Promise<number[]> {
    const clients = await this.#tell('client', 'list', 'type', 'pubsub');
    return [...clients.matchAll(/ addr=\S+:(\d+) /g)].map(([, port]) => Number(port));
  }

  async #tell(...command: string[]): Promise<string> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: () => 20 } });
    client.on('error', () => undefined);
    await client.connect();
    const answer = await client.sendCommand<unknown>(command);
    client.destroy();
    // A cluster of one needs a moment to find that it is complete.
    if (command[0] === 'cluster') await sleep(2000);
    return typeof answer === 'string' ? answer : '';
  }
}
