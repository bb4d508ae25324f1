import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fakeTimeLibrary } from './tools';

/** A wall clock that replaces the machine's for some processes, by `libfaketime`. Monotonic clocks are not changed. */
export class FakeTime {
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'offset'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }

  static async create(): Promise<FakeTime> {
    const folder = await mkdtemp(join(tmpdir(), 'faults-time-'));
    // Processes of other users must be able to read it.
    await chmod(folder, 0o755);
    const time = new FakeTime(folder, (await fakeTimeLibrary())!);
    await time.jump(0);
    return time;
  }

  /** Sets the offset of the clock in seconds. */
  async jump(seconds: number): Promise<void> {
    await writeFile(join(this.#folder, 'offset'), `${seconds < 0 ? '' : '+'}${seconds}`);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
