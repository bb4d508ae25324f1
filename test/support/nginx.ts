import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Certificate } from './certificate';
import { until } from './gate';
import { describeWith, isInstalled } from './installed';

/** Debian installs nginx in `/usr/sbin`, which is not in the `PATH` of every user. */
const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin'].join(delimiter) };

/** The tests that need Debian's packages nginx and openssl. */
export const describeWithNginx = describeWith(
  'nginx, openssl',
  isInstalled('nginx', ['-v'], env) && isInstalled('openssl', ['version'], env),
);

/** A folder with a self-signed certificate. */
export class NginxFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'identity-sessions-nginx-'));
  readonly #certificate: Certificate;
  #process: ChildProcess | undefined;

  constructor(name: string) {
    this.#certificate = new Certificate(this.path, name, env);
  }

  get certificate(): string {
    return this.#certificate.file;
  }

  get key(): string {
    return this.#certificate.keyFile;
  }

  /** The certificate, for clients that trust it. */
  get ca(): Buffer {
    return this.#certificate.text;
  }

  /**
   * Starts nginx with configuration for its context `http`.
   * @param port A port on which the configuration listens.
   */
  async start(http: string, port: number): Promise<void> {
    mkdirSync(join(this.path, 'temporary'), { recursive: true });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    writeFileSync(
      join(this.path, 'nginx.conf'),
      [
        // The folder belongs to the user of the test.
        process.getuid?.() === 0 ? 'user root;' : '',
        'daemon off;',
        'worker_processes 1;',
        `pid ${this.path}/nginx.pid;`,
        `error_log ${this.path}/error.log;`,
        'events {}',
        `http {\naccess_log ${this.path}/access.log;`,
        ...temporary.map((name) => `${name}_temp_path ${this.path}/temporary/${name};`),
        http,
        '}',
      ].join('\n'),
    );
    const args = ['-p', this.path, '-c', 'nginx.conf', '-e', 'error.log'];
    const child = spawn('nginx', args, { cwd: this.path, stdio: 'inherit', env });
    await once(child, 'spawn'); // Rejects if nginx is not installed.
    this.#process = child;
    await until(() => child.exitCode !== null || listens(port));
    if (child.exitCode !== null) throw new Error(readFileSync(join(this.path, 'error.log'), 'utf8'));
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.path, { recursive: true });
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}
