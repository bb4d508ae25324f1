import { parseArgs } from 'node:util';

import { measureBinding } from './binding';
import { measureCleanup } from './cleanup';
import { countDatabaseWork } from './database-work';
import { openDatabase, type Database } from './database';
import { measureMemory } from './memory';
import { measureNodes } from './nodes/nodes';
import { runInOneProcess } from './one-process';
import { heading, machine, paragraph, progress } from './report';
import { measureRevocations } from './revocation';
import { measureAdminPage } from './rows/admin-page';
import { measureManyRows } from './rows/many-rows';
import { measurePartitions } from './rows/partitions';
import { runInSeparateProcesses } from './separate-processes';
import { setUp } from './set-up';
import { timeSignIns } from './sign-in';
import { CONNECTIONS, FLUSH, measureSlowFlush } from './slow-flush';
import { measureStorage } from './storage';
import { measureTightLoop } from './tight-loop';
import { measureTouchCost } from './touch-cost';
import {
  printAdminPage,
  printBinding,
  printCleanup,
  printManyCached,
  printOneProcess,
  printDatabaseWork,
  printNodes,
  printPartitions,
  printRevocations,
  printRows,
  printProcesses,
  printSignIns,
  printSlowFlush,
  printSizes,
  printTold,
  printTightLoop,
  printTouchCost,
  printTurns,
} from './tables';
import { printTargets, type Findings } from './targets';
import { measureTold } from './told';
import { measureTurns } from './turns';
import { variants } from './variants';
import { control, plain, withCookieParser, withEmptyMiddleware } from './variants/plain';
import { cachedFastJwt, fastJwt, joseEs256, joseHs256 } from './variants/tokens';
import { guarded, guardedMany, guardedOpenXchange } from './variants/identity-sessions';

/*
 * npm run bench                     everything except `rows`, `partitions`, `many-cached` and `admin-page`, about 13 minutes
 * npm run bench -- --quick          the same in about two minutes; the figures are not reliable
 * npm run bench -- --only sign-in   one measurement; the option can be repeated
 * npm run bench -- --only rows      with a million sessions in the table, or as many as `--rows 10000000` says
 * npm run bench -- --only partitions   ten million sessions in 64 partitions, or as many as `--rows` says; 6 GB of disk
 * npm run bench -- --only many-cached  a million cached sessions, or as many as `--rows` says; about 15 minutes and 4 GB
 * npm run bench -- --only admin-page   the same for the page of administrators
 *
 * The report goes to the standard output as Markdown. Progress goes to the error output. `DATABASE_URL` selects an existing
 * PostgreSQL server instead of an embedded one. `REDIS_URL` enables connect-redis and the Redis hint.
 */
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rows: { type: 'string' },
  },
});

/** The number of sessions of the measurements that run only on request, unless one has another. */
const ROWS = options.rows ?? '1000000';

/** The variants that differ by a few percent. They are measured more often than the others. */
const close = [plain, control, withEmptyMiddleware, withCookieParser, guarded, guardedOpenXchange];
const tokens = [cachedFastJwt, fastJwt, joseHs256, joseEs256];
const far = variants.filter((variant) => !close.includes(variant) && variant !== guardedMany);

/** These measurements need much time, memory or disk space, so they run only on request. */
const MANY_ROWS = 'rows';
const MANY_CACHED = 'many-cached';
const ADMIN_PAGE = 'admin-page';
const PARTITIONS = 'partitions';

const measurements: Record<string, (database: Database, findings: Findings) => Promise<void>> = {
  async 'one-process'(database, findings) {
    heading('All variants in one process');
    const plan = options.quick
      ? { sessions: 2000, cycles: 40, requests: 200 }
      : { sessions: 10_000, cycles: 240, requests: 250 };
    findings.oneProcess = await runInOneProcess(database, [...close, ...tokens], plan);
    printOneProcess(findings.oneProcess);
  },

  async binding(database, findings) {
    heading('Rotation and device binding');
    const plan = options.quick
      ? { sessions: 1000, cycles: 40, requests: 200, renewals: 500 }
      : { sessions: 10_000, cycles: 400, requests: 250, renewals: 5000 };
    findings.binding = await measureBinding(database, plan);
    printBinding(findings.binding);
  },

  async 'tight-loop'(database, findings) {
    heading('The guard in a loop, without HTTP');
    const rounds = options.quick ? 1000 : 5000;
    findings.tightLoop = await measureTightLoop(database, { rounds, calls: 100 });
    printTightLoop(findings.tightLoop);
  },

  async processes(database, findings) {
    heading('Each variant in a process of its own');
    const plan = options.quick
      ? { sessions: 1000, slices: 4, fewSlices: 2, sliceSeconds: 0.3, warmUpSeconds: 0.5 }
      : { sessions: 10_000, slices: 20, fewSlices: 6, sliceSeconds: 0.5, warmUpSeconds: 5 };
    findings.processes = await runInSeparateProcesses(database, close, far, plan);
    printProcesses(findings.processes);
  },

  async 'database-work'(database, findings) {
    heading('Database work');
    // Long enough that touches are due at different times, as in an app that has run for a while.
    const plan = { sessions: 10_000, warmUpSeconds: 20, seconds: 20 };
    const few = { sessions: 1000, warmUpSeconds: 2, seconds: 3 };
    findings.work = [
      ...(await countDatabaseWork(database, [guarded], options.quick ? few : plan)),
      ...(await countDatabaseWork(database, far, few)),
    ];
    printDatabaseWork(findings.work);
  },

  async 'touch-cost'(database, findings) {
    heading('Writing the last use of a session');
    findings.touches = await measureTouchCost(database);
    printTouchCost(findings.touches);
  },

  async 'sign-in'(database, findings) {
    heading('One sign-in at a time');
    findings.signIns = await timeSignIns(database, options.quick ? 300 : 3000);
    printSignIns(findings.signIns);
  },

  async sizes(database, findings) {
    heading('Size of a session');
    findings.memory = await measureMemory(database, 10_000);
    findings.storage = await measureStorage(database, 10_000);
    printSizes(findings.memory, findings.storage);
  },

  async revocation(database, findings) {
    heading('Time until another node refuses a revoked session');
    findings.revocation = await measureRevocations(database, options.quick ? 20 : 200);
    printRevocations(findings.revocation);
  },

  async told(database, findings) {
    heading('Time until a browser on another node is told that its session has ended');
    findings.told = await measureTold(database, options.quick ? 20 : 200);
    printTold(findings.told);
  },

  async 'slow-flush'(database, findings) {
    heading(`${CONNECTIONS} connections to a database that takes ${FLUSH} ms to flush`);
    const plan = options.quick
      ? { rounds: 2, calls: 500, revocations: 20 }
      : { rounds: 12, calls: 1000, revocations: 200 };
    findings.slowFlush = await measureSlowFlush(database, plan);
    printSlowFlush(findings.slowFlush);
  },

  async cleanup(database, findings) {
    heading('Cleanup during touches and sign-ins');
    findings.cleanup = await measureCleanup(database, options.quick ? 50_000 : 200_000);
    printCleanup(findings.cleanup);
  },

  async turns(database, findings) {
    heading('Longest turn of the event loop for a user with many sessions');
    findings.turns = await measureTurns(database, [options.quick ? 2000 : 20_000], 3);
    printTurns(findings.turns);
  },

  async nodes(database, findings) {
    heading('Several nodes on one database');
    const cycles = options.quick ? 15 : 50;
    findings.nodes = await measureNodes(database, { cycles, seconds: options.quick ? 3 : 8 });
    printNodes(findings.nodes);
  },

  async [ADMIN_PAGE](database, findings) {
    heading(`The page for administrators with ${ROWS} sessions in the table`);
    findings.adminPage = await measureAdminPage(database, Number(ROWS));
    printAdminPage(findings.adminPage);
  },

  async [MANY_CACHED](database, findings) {
    heading(`${ROWS} cached sessions`);
    const plan = { slices: 20, fewSlices: 0, sliceSeconds: 1, warmUpSeconds: 20 };
    const compared = [withEmptyMiddleware, guardedMany];
    findings.manyCached = await runInSeparateProcesses(database, compared, [], {
      sessions: Number(ROWS),
      ...plan,
    });
    printManyCached(findings.manyCached);
  },

  async [PARTITIONS](database, findings) {
    const rows = Number(options.rows ?? '10000000');
    heading(`${rows} sessions in partitions`);
    findings.partitions = await measurePartitions(database, rows);
    printPartitions(findings.partitions);
  },

  async [MANY_ROWS](database, findings) {
    heading(`${ROWS} sessions in the table`);
    findings.rows = await measureManyRows(database, Number(ROWS));
    printRows(findings.rows);
  },
};

const ON_REQUEST = [MANY_ROWS, PARTITIONS, MANY_CACHED, ADMIN_PAGE];

async function main(): Promise<void> {
  // Apps are deployed with this setting, and Express is faster with it.
  process.env['NODE_ENV'] = 'production';
  const chosen = options.only ?? Object.keys(measurements).filter((name) => !ON_REQUEST.includes(name));
  const unknown = chosen.filter((name) => !(name in measurements));
  if (unknown.length > 0) {
    throw new Error(
      `Unknown measurement ${unknown.join(', ')}: choose from ${Object.keys(measurements).join(', ')}`,
    );
  }

  setUp();
  const database = await openDatabase();
  const interrupted = () => void database.close().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    paragraph(`${machine()}, PostgreSQL ${database.version}`);
    const findings: Findings = {};
    for (const name of chosen) {
      progress(`${name}:`);
      await measurements[name]!(database, findings);
    }
    heading('Targets');
    printTargets(findings);
  } finally {
    process.off('SIGINT', interrupted);
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
