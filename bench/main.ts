import { parseArgs } from 'node:util';

import { courseOfCleanup } from './cleanup';
import { countDatabaseWork } from './database-work';
import { openDatabase, type Database } from './database';
import { machine } from './machine';
import { memoryOfSessions } from './memory';
import { costsOfNodes } from './nodes/nodes';
import { runInOneProcess } from './one-process';
import { heading, paragraph, say } from './report';
import { delayOfRevocations } from './revocation';
import { amongManyRows } from './rows/rows';
import { runInSeparateProcesses } from './separate-processes';
import { setUp } from './set-up';
import { timeSignIns } from './sign-in';
import { storageOfSessions } from './storage';
import {
  printCleanup,
  printCourses,
  printDatabaseWork,
  printNodes,
  printRevocations,
  printRows,
  printServed,
  printSignIns,
  printSizes,
} from './tables';
import { printTargets, type Findings } from './targets';
import { variants } from './variants';
import { bare, control, withCookieParser } from './variants/bare';
import { guarded, guardedOpenXchange } from './variants/identity-sessions';

/*
 * npm run bench                     everything, some 10 minutes
 * npm run bench -- --quick          everything in about a minute, and not worth much
 * npm run bench -- --only sign-in   one measurement; may be repeated
 * npm run bench -- --only rows      among a million sessions, `--rows 10000000` among so many; only when asked for
 *
 * The report goes to the output, as Markdown, and progress to the error output. `DATABASE_URL` names a PostgreSQL to use
 * in place of our own, `REDIS_URL` a Redis for connect-redis and for hints.
 */
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rows: { type: 'string', default: '1000000' },
  },
});

const close = [bare, control, withCookieParser, guarded, guardedOpenXchange];
const far = variants.filter((variant) => !close.includes(variant));

/** Takes long, and much room on the disk. */
const MANY_ROWS = 'rows';

const measurements: Record<string, (database: Database, findings: Findings) => Promise<void>> = {
  async 'one-process'(database, findings) {
    heading('In one process, blocks of requests in turn');
    const plan = options.quick
      ? { sessions: 2000, cycles: 40, requests: 200 }
      : { sessions: 10_000, cycles: 240, requests: 250 };
    findings.oneProcess = await runInOneProcess(database, close, plan);
    printCourses(findings.oneProcess);
  },

  async processes(database, findings) {
    heading('A process per variant, each slice between two of bare Express');
    const plan = options.quick
      ? { sessions: 1000, slices: 4, fewSlices: 2, sliceSeconds: 0.3, warmUpSeconds: 0.5 }
      : { sessions: 10_000, slices: 20, fewSlices: 6, sliceSeconds: 0.5, warmUpSeconds: 5 };
    findings.served = await runInSeparateProcesses(database, close, far, plan);
    printServed(findings.served);
  },

  async 'database-work'(database, findings) {
    heading('Work in the database');
    // Long enough for sessions to have been written at different times, as in an app that has run for a while.
    const plan = { sessions: 10_000, warmUpSeconds: 20, seconds: 20 };
    const few = { sessions: 1000, warmUpSeconds: 2, seconds: 3 };
    findings.work = [
      ...(await countDatabaseWork(database, [guarded], options.quick ? few : plan)),
      ...(await countDatabaseWork(database, far, few)),
    ];
    printDatabaseWork(findings.work);
  },

  async 'sign-in'(database, findings) {
    heading('Sign-in, one at a time');
    findings.signIns = await timeSignIns(database, options.quick ? 300 : 3000);
    printSignIns(findings.signIns);
  },

  async sizes(database, findings) {
    heading('What a session takes');
    findings.memory = await memoryOfSessions(database, 10_000);
    findings.storage = await storageOfSessions(database, 10_000);
    printSizes(findings.memory, findings.storage);
  },

  async revocation(database, findings) {
    heading('From the acknowledgement of a revocation until another node refuses the session');
    findings.revocation = await delayOfRevocations(database, options.quick ? 20 : 200);
    printRevocations(findings.revocation);
  },

  async cleanup(database, findings) {
    heading('Cleanup, while sessions are touched and people sign in');
    findings.cleanup = await courseOfCleanup(database, options.quick ? 50_000 : 200_000);
    printCleanup(findings.cleanup);
  },

  async nodes(database, findings) {
    heading('Several nodes on one database');
    const cycles = options.quick ? 15 : 50;
    findings.nodes = await costsOfNodes(database, { cycles, seconds: options.quick ? 3 : 8 });
    printNodes(findings.nodes);
  },

  async [MANY_ROWS](database, findings) {
    heading(`Among ${options.rows} sessions`);
    findings.rows = await amongManyRows(database, Number(options.rows));
    printRows(findings.rows);
  },
};

async function main(): Promise<void> {
  // As apps are deployed.
  process.env['NODE_ENV'] = 'production';
  const chosen = options.only ?? Object.keys(measurements).filter((name) => name !== MANY_ROWS);
  const unknown = chosen.filter((name) => !(name in measurements));
  if (unknown.length > 0) {
    throw new Error(
      `There is no measurement ${unknown.join()}: choose from ${Object.keys(measurements).join(', ')}.`,
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
      say(`${name}:`);
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
