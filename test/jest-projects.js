const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join, posix } = require('node:path');

const PROJECT = join(__dirname, '..');

/** A test that imports one of these, directly or through other files, starts PostgreSQL or another program. */
const STARTS_PROGRAMS = ['test/support/server.ts', 'examples/demo/postgres.ts', 'node:child_process'];

/** The test files that need PostgreSQL or another program. All others are quick. Paths are relative to the project. */
function slowTests() {
  return readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((path) => isSlow(path))
    .sort();
}

/** The test files that also run on a partitioned table of sessions: those of stores and of races. */
function partitionedTests() {
  return slowTests().filter((path) => PARTITIONED.some((folder) => path.startsWith(folder)));
}

const PARTITIONED = [
  'test/store/buffered.',
  'test/store/cached.',
  'test/store/postgres/known-devices.',
  'test/store/postgres/postgres.',
  'test/store/postgres/trail.',
  'test/races/',
  'test/interleavings.',
  'test/privileges.',
];

/**
 * @param {string} path relative to the project
 * @param {(path: string) => string} [read] returns the text of a file
 */
function isSlow(path, read = textOf) {
  const visited = new Set();
  /** @param {string} module */
  function startsPrograms(module) {
    if (STARTS_PROGRAMS.includes(module)) return true;
    if (visited.has(module)) return false;
    visited.add(module);
    return importsOf(module, read(module)).some(startsPrograms);
  }
  return startsPrograms(path);
}

/** @param {string} path */
function textOf(path) {
  const file = join(PROJECT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/**
 * @param {string} path
 * @param {string} text
 */
function importsOf(path, text) {
  const specifiers = [...text.matchAll(/^(?:import|export|\}).*'([^']+)';$/gm)].map((match) =>
    String(match[1]),
  );
  return specifiers.map((name) =>
    name.startsWith('.') ? `${posix.join(posix.dirname(path), name)}.ts` : name,
  );
}

module.exports = { isSlow, partitionedTests, slowTests };
