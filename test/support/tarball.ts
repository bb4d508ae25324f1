import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { run } from './run';
import { runName } from './server';

const PROJECT = join(__dirname, '../..');

/** Names a folder that several programs share, such as Jest and the checks of the package. The program that set it deletes it. */
const SHARED = 'TEST_TARBALL_FOLDER';

/** The folder that the test files of this run share. The global tear-down deletes it, unless other programs use it too. */
const folder = (): string => process.env[SHARED] ?? join(tmpdir(), runName());

/** The time that packing may take in another test file, in milliseconds. */
const PACK_TIMEOUT = 180_000;

/** The tarball of the package, and the sources from which it was packed. */
export interface Packed {
  readonly tarball: string;
  readonly sources: string;
}

/** Packs the package, once for all test files and programs of this run. The first caller packs, and the others wait. */
export async function packed(): Promise<Packed> {
  const [tarball, sources, failure] = ['package.tgz', 'sources', 'failure'].map((name) =>
    join(folder(), name),
  );
  if (isFirst()) {
    await pack(tarball!, sources!).catch((error: Error) => {
      writeFileSync(failure!, error.message);
      throw error;
    });
  }
  const end = performance.now() + PACK_TIMEOUT;
  while (!existsSync(tarball!)) {
    if (existsSync(failure!))
      throw new Error('The package cannot be packed: another test file reports the error');
    if (performance.now() > end) throw new Error('The package was not packed in time');
    await sleep(100);
  }
  return { tarball: tarball!, sources: sources! };
}

function isFirst(): boolean {
  try {
    mkdirSync(folder(), { recursive: true });
    mkdirSync(join(folder(), 'packing'));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false;
    throw error;
  }
}

/** Packs a copy of the sources, so that two parallel runs do not build into one folder. */
async function pack(tarball: string, sources: string): Promise<void> {
  const left = /^(node_modules|dist|coverage|\.(?!gitignore|npmignore).*)$/;
  const isTaken = (path: string) => path === PROJECT || !left.test(basename(path));
  cpSync(PROJECT, sources, { recursive: true, filter: isTaken });
  symlinkSync(join(PROJECT, 'node_modules'), join(sources, 'node_modules'));
  const target = mkdtempSync(join(folder(), 'pack-'));
  await run('npm', ['pack', '--offline', '--no-update-notifier', '--pack-destination', target], sources);
  renameSync(join(target, readdirSync(target)[0]!), tarball);
}

/** Creates an empty folder that the global tear-down deletes. */
export function temporaryFolder(prefix: string): string {
  return mkdtempSync(join(folder(), prefix));
}

/** Deletes the tarball and all temporary folders of this run, unless other programs use them. */
export function deleteTemporaryFolders(): void {
  if (process.env[SHARED] === undefined) rmSync(folder(), { recursive: true, force: true });
}
