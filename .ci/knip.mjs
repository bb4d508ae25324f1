// The configuration of knip, which finds unused files, exports and dependencies: `npm run test:package`.
import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The sources of the entry points. Apps use their exports. */
const entryPoints = Object.values(exports).flatMap(({ types }) =>
  types === undefined ? [] : types.replace('./dist/', '').replace('.d.ts', '.ts'),
);

export default {
  entry: [
    ...entryPoints,
    // Programs that others start by their paths
    'lib/cli/main.ts',
    'migrations/*.ts',
    'bench/{main,memory-server,tight-loop-server}.ts',
    'examples/demo/embedded-postgres/keeper.mjs',
    'examples/demo/public/*.js',
    'lib/pages/assets/*.js',
    'test/browser/*.browser.ts',
    'test/faults/matrix.ts',
    'test/package/*',
    'test/hosts/**/*.js',
  ],
  // An interface may name the types of its members.
  ignoreExportsUsedInFile: { interface: true, type: true },
  ignoreIssues: {
    // The tests of the apps run in projects that have more files.
    'test/hosts/**': ['unresolved'],
    // Other processes call its function by name.
    'test/support/racer.ts': ['exports'],
  },
  ignoreDependencies: [
    // Started by their paths in .ci/package.mjs
    'publint',
    '@arethetypeswrong/cli',
    // Express loads it by the name of the view engine.
    'ejs',
    // Temporary apps of a test load TypeScript with it.
    'tsx',
    // A test names this client of Knex, and never connects with it.
    'mysql2',
  ],
  // Programs of the system, which some tests need
  ignoreBinaries: ['nginx', 'openssl', 'pgbouncer', 'redis-server', 'umount'],
};
