import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

import { findAccount } from '../../examples/demo/embedded-postgres/account';
import { PATH } from './tools';
import { freePort } from '../../examples/demo/embedded-postgres/free-port';

/** PgBouncer in front of a database, in transaction mode: a client has a connection only during a transaction. */
export class Pooler {
  readonly url: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(url: string, folder: string) {
    this.url = url;
    this.#folder = folder;
  }

  static async before(database: string): Promise<Pooler> {
    const url = new URL(database);
    const { username, password, port, pathname } = url;
    const folder = await mkdtemp(join(tmpdir(), 'faults-pooler-'));
    url.port = String(await freePort());
    await writeFile(
      join(folder, 'pgbouncer.ini'),
      `[databases]
      ${pathname.slice(1)} = host=127.0.0.1 port=${port} user=${username} password=${password}
      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = ${url.port}
      unix_socket_dir =
      auth_type = any
      pool_mode = transaction
      default_pool_size = 6`,
    );
    const account = await findAccount();
    if (account) {
      await chown(folder, account.uid, account.gid);
      await chown(join(folder, 'pgbouncer.ini'), account.uid, account.gid);
    }
    const pooler = new Pooler(url.href, folder);
    await pooler.start();
    return pooler;
  }

  async start(): Promise<void> {
    const account = await findAccount();
    const args = ['--quiet', join(this.#folder, 'pgbouncer.ini')];
    this.#process = spawn('pgbouncer', args, {
      ...account,
      stdio: 'ignore',
      cwd: '/',
      env: { ...process.env, PATH },
    });
    process.once('exit', this.#kill);
    for (let tried = 0; tried < 50; tried++) {
      const client = new Client({ connectionString: this.url });
      try {
        await client.connect();
        await client.end();
        return;
      } catch {
        await sleep(100);
      }
    }
    throw new Error('PgBouncer did not start');
  }

  async kill(): Promise<void> {
    const ended = once(this.#process!, 'exit');
    this.#kill();
    await ended;
    process.off('exit', this.#kill);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  readonly #kill = () => void this.#process?.kill('SIGKILL');
}
