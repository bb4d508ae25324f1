import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { findAccount } from '../../examples/demo/embedded-postgres/account';
import { run } from './tools';

/** A small disk in memory that a test can fill. */
export class SmallDisk {
  /** A folder on the disk that belongs to the server's account. */
  readonly folder: string;
  readonly #mount: string;
  readonly #unmountAtExit = () => void execFileSync('umount', ['-l', this.#mount]);

  private constructor(mount: string) {
    this.#mount = mount;
    this.folder = join(mount, 'data');
  }

  static async create(megabytes: number): Promise<SmallDisk> {
    const disk = new SmallDisk(await mkdtemp(join(tmpdir(), 'faults-disk-')));
    await run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'faults', disk.#mount);
    process.once('exit', disk.#unmountAtExit);
    await mkdir(disk.folder);
    const account = await findAccount();
    if (account) await chown(disk.folder, account.uid, account.gid);
    return disk;
  }

  /** Uses all remaining space. */
  async fill(): Promise<void> {
    const nothing = Buffer.alloc(64 * 1024);
    const forever = (function* () {
      for (;;) yield nothing;
    })();
    await pipeline(forever, createWriteStream(this.#filler)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') throw error;
    });
  }

  async free(): Promise<void> {
    await rm(this.#filler);
  }

  async close(): Promise<void> {
    process.off('exit', this.#unmountAtExit);
    await run('umount', this.#mount);
    await rm(this.#mount, { recursive: true });
  }

  get #filler(): string {
    return join(this.#mount, 'filler');
  }
}
