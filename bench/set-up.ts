import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { progress } from './report';

/** Builds the package, and installs the packages to compare with unless they are installed already. */
export function setUp(): void {
  progress('building the package');
  run(process.execPath, [join(__dirname, '../build.mjs')]);
  if (!peersAreInstalled()) {
    progress('installing the packages to compare with');
    run('npm', ['ci', '--no-audit', '--no-fund']);
  }
}

/** Compares the lock file with the one that npm writes to `node_modules`. The latter does not contain the root package. */
function peersAreInstalled(): boolean {
  const installed = join(__dirname, 'node_modules/.package-lock.json');
  return existsSync(installed) && versionsIn(installed) === versionsIn(join(__dirname, 'package-lock.json'));
}

function versionsIn(lockFile: string): string {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const versions = Object.entries(packages).filter(([path]) => path !== '');
  return versions
    .map(([path, { version }]) => `${path} ${version}`)
    .sort()
    .join('\n');
}

function run(program: string, args: readonly string[]): void {
  // Redirect its output to the error output, as for all progress messages.
  execFileSync(program, args, {
    cwd: __dirname,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}
