// Checks the tarball with publint and attw, and looks for unused files, exports and dependencies with knip:
// `npm run test:package`. Needs no network.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const require = createRequire(import.meta.url);
require('sucrase/register/ts');
const { packed } = require('../test/support/tarball.ts');

/** A script for browsers, which has no types because it exports nothing. */
const BROWSER_SCRIPT = 'identity-sessions.js';

// `npm test` shares the tarball of the tests.
const isShared = process.env.TEST_TARBALL_FOLDER !== undefined;
const folder = (process.env.TEST_TARBALL_FOLDER ??= mkdtempSync(join(tmpdir(), 'identity-sessions-')));
try {
  const { tarball } = await packed();
  const results = [
    run('node_modules/publint/src/cli.js', 'run', tarball, '--strict'),
    run(
      'node_modules/@arethetypeswrong/cli/dist/index.js',
      tarball,
      '--quiet',
      '--exclude-entrypoints',
      BROWSER_SCRIPT,
    ),
    run('node_modules/knip/bin/knip.js', '--config', '.ci/knip.mjs', '--treat-config-hints-as-errors'),
  ];
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  if (!isShared) rmSync(folder, { recursive: true, force: true });
}

/** Runs a program of Node. Returns true if it found no problem. */
function run(program, ...args) {
  return spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' }).status === 0;
}
