import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account';
import type { Programs } from './programs';
import { freePort } from './free-port';

export interface Server {
  programs: Programs;
  folder: string;
  account: Account | undefined;
  settings: Readonly<Record<string, string | number>>;
  env: NodeJS.ProcessEnv;
  persistent: boolean;
}

/** Another server is running in the folder. */
export class FolderInUse extends Error {
  constructor(readonly folder: string) {
    super(`Another PostgreSQL is running in ${folder}.`);
  }
}

/** Starts the server on `wantedPort`, or on a free port. */
export async function startServer(
  server: Server,
  wantedPort?: number,
): Promise<{ port: number; stop: () => Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort ?? (await freePort());
    const log = join(server.folder, 'server.log');
    await rm(log, { force: true });
    try {
      return { port, stop: await startKeeper(server, port, log) };
    } catch (error) {
      const lines = await readFile(log, 'utf8').catch(() => '');
      const again = attempt < 10 && (await removeObstacle(lines, server.folder, wantedPort));
      if (again) continue;
      if (lines.includes('"postmaster.pid" already exists')) throw new FolderInUse(server.folder);
      throw new Error(`PostgreSQL did not start: ${(error as Error).message}\n${lines}`, { cause: error });
    }
  }
}

/** Removes the obstacle that kept the server from starting. Returns false if that is impossible or could do harm. */
async function removeObstacle(log: string, folder: string, wantedPort?: number): Promise<boolean> {
  // Another process took the free port.
  if (log.includes('could not bind')) return wantedPort === undefined;

  // The children of a killed server end a moment later.
  if (log.includes('pre-existing shared memory block')) return sleep(300, true);

  // This file names the server that runs in this folder, or that ran in it last.
  const lock = join(folder, 'cluster', 'postmaster.pid');
  const lines = await readFile(lock, 'utf8').catch(() => undefined);
  if (lines === undefined) return false;
  const port = Number(lines.split('\n')[3]);
  const alive = port > 0 && (await answers(port));
  // It may be shutting down.
  await sleep(300);
  // PostgreSQL removes the file of a killed server, unless its process id belongs to another process by now. In containers
  // that is common. Remove the file in this case.
  if (!alive) await rm(lock, { force: true });
  return true;
}

/** Starts the server under a keeper, a process that stops the server when this process requests it or ends. */
async function startKeeper(server: Server, port: number, log: string): Promise<() => Promise<void>> {
  const keeper = spawnKeeper(server, port, log);
  const ended = new Promise<number | null>((resolve) => {
    keeper.once('exit', resolve).once('error', () => resolve(null));
  });
  keeper.stdin.on('error', () => {}); // The keeper has ended, which `ended` reports.

  const lines = createInterface(keeper.stdout);
  const [answer] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
  if (answer !== 'ready') {
    await ended;
    throw new Error(answer ?? 'the keeper process did not start');
  }

  // Do not keep this process alive. If it ends without stop(), the keeper stops the server.
  lines.close();
  keeper.stdout.destroy();
  keeper.unref();

  let stopped: Promise<void> | undefined;
  return () => (stopped ??= stop());

  async function stop(): Promise<void> {
    keeper.ref();
    keeper.stdin.end();
    if ((await ended) !== 0) throw new Error(`PostgreSQL did not stop; its log is ${log}`);
  }
}

function spawnKeeper(server: Server, port: number, log: string) {
  const job = {
    pgCtl: server.programs.pgCtl,
    cluster: join(server.folder, 'cluster'),
    log,
    port,
    settings: { ...server.settings, listen_addresses: '127.0.0.1', unix_socket_directories: '', port },
    account: server.account,
    remove: server.persistent ? undefined : server.folder,
  };
  return spawn(process.execPath, [join(__dirname, 'keeper.mjs'), JSON.stringify(job)], {
    // Leave the terminal's process group, so that Ctrl-C does not stop the database before the app.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: '/',
    // `removeObstacle` searches the log for English messages.
    env: { ...process.env, ...server.env, LC_ALL: 'C' },
    windowsHide: true,
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
