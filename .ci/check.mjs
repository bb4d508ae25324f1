// Runs the checks of this package: `npm test`, or with `--quick` `npm run test:quick`. Other arguments go to Jest.
//
// The static checks run one after the other beside the tests, so that a machine with two cores is busy but not overloaded.
// The quick check runs only tests that need neither PostgreSQL nor another program, and lints only files that changed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = 'node_modules/.cache';
const TSC = 'node_modules/typescript/bin/tsc';
const ESLINT = 'node_modules/eslint/bin/eslint.js';
const PRETTIER = 'node_modules/prettier/bin/prettier.cjs';
const JEST = 'node_modules/jest/bin/jest.js';
const PACKAGE = '.ci/package.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const args = process.argv.slice(2);
const quick = args.includes('--quick');
const jestArgs = args.filter((arg) => arg !== '--quick');

// ESLint's cache knows when a file changed, but not when a type that it imports changed. The full check does without it.
const lintCache = ['--cache', '--cache-strategy', 'content', '--cache-location', `${CACHE}/eslint/`];

// The tests and the checks of the package share one tarball.
const tarballFolder = mkdtempSync(join(tmpdir(), 'identity-sessions-'));
process.env.TEST_TARBALL_FOLDER = tarballFolder;

const results = await Promise.all([staticChecks(), tests()]);
rmSync(tarballFolder, { recursive: true, force: true });
process.exitCode = results.every(Boolean) ? 0 : 1;

async function staticChecks() {
  const types = await run(
    'types',
    TSC,
    '--noEmit',
    '--incremental',
    '--tsBuildInfoFile',
    `${CACHE}/types.json`,
  );
  const lint = await run('lint', ESLINT, '.', '--max-warnings', '0', ...(quick ? lintCache : []));
  const format = await run('format', PRETTIER, '--check', '.', '--cache');
  const packaged = quick || (await run('package', PACKAGE));
  return types && lint && format && packaged;
}

function tests() {
  return run(
    'tests',
    JEST,
    // First, because the options after them take all words that follow.
    ...jestArgs,
    '--reporters=default',
    ...(quick ? ['--selectProjects', 'quick'] : []),
  );
}

/** Runs a program of Node and then prints its output as one block. Resolves to true if it succeeded. */
async function run(name, program, ...programArgs) {
  const began = performance.now();
  const child = spawn(process.execPath, [program, ...programArgs], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(data));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const passed = code === 0;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${passed ? '✓' : '✗'} ${name} (${seconds} s)`);
  const text = Buffer.concat(output).toString();
  if (name === 'tests' || !passed) console.log(shortened(text));
  return passed;
}

/** Removes the lines of Jest about files that passed, and the repetition of all failures at the end. */
function shortened(text) {
  return text
    .replace(/^.*Summary of all failing tests[^]*?(?=^.*Test Suites:)/m, '')
    .split('\n')
    .filter((line) => !/^\S*PASS\b/.test(line) && !/^Running one project/.test(line))
    .join('\n')
    .trim();
}
