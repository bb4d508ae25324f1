import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Address } from './client';
import type { NodeConfig, Order } from './node';
import type { Recorder } from './recorder';

export interface NodeSurroundings {
  readonly env?: NodeJS.ProcessEnv;
  /** A command that starts the node, such as `unshare`. */
  readonly under?: readonly string[];
  /** Called when the process runs. */
  readonly started?: (pid: number) => Promise<void>;
  /** The address of the node for the runner. */
  readonly host?: string;
  /** A bug to plant; see `planted.ts`. */
  readonly planted?: string | undefined;
}

/** The time in milliseconds that a node has to end after SIGTERM. */
const GRACE = 15_000;

/** A node process that the runner can freeze, kill and restart at the same address. */
export class NodeProcess implements Address {
  readonly #config: Omit<NodeConfig, 'port' | 'host'>;
  readonly #surroundings: NodeSurroundings;
  readonly #recorder: Recorder;
  #process: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('never started');
  #complaints = '';
  #expected = false;
  #runs = false;
  #port = 0;

  constructor(
    config: Omit<NodeConfig, 'port' | 'host'>,
    recorder: Recorder,
    surroundings: NodeSurroundings = {},
  ) {
    this.#config = config;
    this.#recorder = recorder;
    this.#surroundings = surroundings;
  }

  get name(): string {
    return this.#config.name;
  }

  get host(): string {
    return this.#surroundings.host ?? '127.0.0.1';
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  get runs(): boolean {
    return this.#runs;
  }

  async start(): Promise<this> {
    const { env, under = [], planted, started } = this.#surroundings;
    const preload = ['-r', 'sucrase/register/ts', ...(planted ? ['-r', join(__dirname, 'planted.ts')] : [])];
    const [program, ...args] = [...under, process.execPath, ...preload, join(__dirname, 'node.ts')];
    const { host } = this.#surroundings;
    const config: NodeConfig = { ...this.#config, host: host ? '0.0.0.0' : '127.0.0.1', port: this.#port };
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...env, FAULTS_NODE: JSON.stringify(config), FAULTS_PLANTED: planted },
    });
    this.#process = child;
    this.#expected = false;
    this.#runs = true;
    child.stderr!.on('data', (data) => (this.#complaints = `${this.#complaints}${data}`.slice(-2000)));
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => {
        this.#runs = false;
        const how = String(signal ?? code);
        if (!this.#expected)
          this.#recorder.troubles.push(`node ${this.name} ended (${how}) ${this.#complaints}`);
        resolve(how);
      });
    });
    const failed = this.#ended.then((how) => {
      throw new Error(`Node ${this.name} did not start (${how}): ${this.#complaints}`);
    });
    failed.catch(() => undefined);
    const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [{ port: number }];
    this.#port = port;
    await started?.(child.pid!);
    return this;
  }

  /** Sends an order. Resolves when the node has executed it or has ended. */
  async order(order: Order): Promise<void> {
    const child = this.#process!;
    child.send(order);
    await Promise.race([once(child, 'message'), this.#ended]);
  }

  /** Freezes the process for the given time in milliseconds. */
  async pause(time: number): Promise<void> {
    const back = this.#recorder.away(this.name);
    const child = this.#process!;
    // A frozen process would not notice the end of the runner.
    const killAtExit = () => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.kill('SIGSTOP');
    await sleep(time);
    child.kill('SIGCONT');
    process.off('exit', killAtExit);
    back();
  }

  /** Kills the process. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#process?.kill('SIGKILL');
    await this.#ended;
  }

  /** Sends SIGTERM. Records a trouble if the process does not end, or not with exit code 0. */
  async stop(): Promise<void> {
    this.#expected = true;
    this.#process!.kill('SIGTERM');
    const how = await Promise.race([this.#ended, sleep(GRACE, 'hangs', { ref: false })]);
    if (how !== '0')
      this.#recorder.troubles.push(`node ${this.name} did not end well (${how}) ${this.#complaints}`);
    await this.kill();
  }
}
