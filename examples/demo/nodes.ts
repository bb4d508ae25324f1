import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { invitation } from './invitation';
import { startEmbeddedPostgres } from './postgres';
import { run } from './run';

/*
 * Three processes of the demo on one database, as behind a load balancer: whoever signs in at one of them is signed in at
 * all, and a session that is ended at one is out at all.
 */

const { DATABASE_URL, NODE_ENV, PORT } = process.env;

const NAMES = ['one', 'two', 'three'];

async function main(): Promise<void> {
  const postgres = DATABASE_URL ? undefined : await startEmbeddedPostgres({ persistent: true });
  const url = DATABASE_URL || postgres!.url;
  console.log(invitation({ secure: NODE_ENV === 'production' }));
  const nodes = NAMES.map((name, at) => start(name, at, url));
  // Ctrl-C reaches them by itself; whoever is told to end tells them.
  const endAll = () => nodes.forEach((node) => node.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, endAll);
  const codes = await Promise.all(
    nodes.map(async (node) => {
      const code = await codeOf(node);
      if (code !== 0) endAll();
      return code;
    }),
  );
  await postgres?.stop();
  process.exitCode = Math.max(...codes);
}

/** Side by side from the first on; 0 has the system choose each. */
function portOf(at: number): number {
  const first = Number(PORT || 3000);
  return first === 0 ? 0 : first + at;
}

function start(name: string, at: number, url: string): ChildProcess {
  // One of them warns for all.
  const warnings = at === 0 ? [] : ['--disable-warning=EIS_INSECURE_COOKIES'];
  return spawn(process.execPath, [...process.execArgv, ...warnings, join(__dirname, 'main.ts')], {
    env: { ...process.env, DATABASE_URL: url, NODE_ID: name, PORT: String(portOf(at)) },
    stdio: 'inherit',
  });
}

async function codeOf(node: ChildProcess): Promise<number> {
  const [code] = (await once(node, 'exit')) as [number | null];
  return code ?? 1;
}

run(main);
