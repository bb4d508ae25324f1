import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { say } from './report';

/** Builds the package, and installs what it is compared with unless that is there already. */
export function setUp(): void {
  say('building the package');
  run(process.execPath, [join(__dirname, '../build.mjs')]);
  if (!peersAreInstalled()) {
    say('installing the packages that it is compared with');
    run('npm', ['ci', '--no-audit', '--no-fund']);
  }
}

/** npm leaves the lock file of what it has installed in `node_modules`; without the package itself, which is its head. */
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
  // What it says goes where our own progress goes.
  execFileSync(program, args, {
    cwd: __dirname,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}
