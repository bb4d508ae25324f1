import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { instructions } from './instructions';
import { startEmbeddedPostgres } from './postgres';
import { run } from './run';

/*
 * Starts three processes of the demo on one database, as behind a load balancer. All of them accept a session that was
 * opened at one of them. After it was ended at one of them, all of them refuse it.
 */

const { DATABASE_URL, NODE_ENV, PORT } = process.env;

const NAMES = ['one', 'two', 'three'];

async function main(): Promise<void> {
  const postgres = DATABASE_URL ? undefined : await startEmbeddedPostgres({ persistent: true });
  const url = DATABASE_URL || postgres!.url;
  console.log(instructions({ secure: NODE_ENV === 'production' }));
  const nodes = NAMES.map((name, at) => start(name, at, url));
  // The terminal sends Ctrl-C to the nodes as well. A signal from elsewhere has to be passed on.
  const stopAll = () => nodes.forEach((node) => node.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stopAll);
  const codes = await Promise.all(
    nodes.map(async (node) => {
      const code = await exitCode(node);
      if (code !== 0) stopAll();
      return code;
    }),
  );
  await postgres?.stop();
  process.exitCode = Math.max(...codes);
}

/** Returns consecutive ports, beginning with PORT. With PORT=0 the system chooses every port. */
function portOf(at: number): number {
  const first = Number(PORT || 3000);
  return first === 0 ? 0 : first + at;
}

function start(name: string, at: number, url: string): ChildProcess {
  // One warning is enough for three nodes.
  const warnings = at === 0 ? [] : ['--disable-warning=EIS_INSECURE_COOKIES'];
  return spawn(process.execPath, [...process.execArgv, ...warnings, join(__dirname, 'main.ts')], {
    env: { ...process.env, DATABASE_URL: url, NODE_ID: name, PORT: String(portOf(at)) },
    stdio: 'inherit',
  });
}

async function exitCode(node: ChildProcess): Promise<number> {
  const [code] = (await once(node, 'exit')) as [number | null];
  return code ?? 1;
}

run(main);
