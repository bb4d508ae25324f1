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

/** Another server runs in the folder, and goes on. */
export class FolderInUse extends Error {
  constructor(readonly folder: string) {
    super(`Another PostgreSQL runs in ${folder}.`);
  }
}

/** Starts the server, on any free port if none is wanted. */
export async function startServer(
  server: Server,
  wantedPort?: number,
): Promise<{ port: number; stop: () => Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort ?? (await freePort());
    const log = join(server.folder, 'server.log');
    await rm(log, { force: true });
    try {
      return { port, stop: await keep(server, port, log) };
    } catch (error) {
      const lines = await readFile(log, 'utf8').catch(() => '');
      const again = attempt < 10 && (await cure(lines, server.folder, wantedPort));
      if (again) continue;
      if (lines.includes('"postmaster.pid" already exists')) throw new FolderInUse(server.folder);
      throw new Error(`PostgreSQL did not start: ${(error as Error).message}\n${lines}`, { cause: error });
    }
  }
}

/** Does away with what kept the server from starting, if that does no harm to anybody; false if not. */
async function cure(log: string, folder: string, wantedPort?: number): Promise<boolean> {
  // Somebody was faster at our free port.
  if (log.includes('could not bind')) return wantedPort === undefined;

  // A killed server leaves children, who notice a moment later.
  if (log.includes('pre-existing shared memory block')) return sleep(300, true);

  // Whoever else runs in this folder, or ran in it last.
  const lock = join(folder, 'cluster', 'postmaster.pid');
  const lines = await readFile(lock, 'utf8').catch(() => undefined);
  if (lines === undefined) return false;
  const port = Number(lines.split('\n')[3]);
  const alive = port > 0 && (await answers(port));
  // It may be on its way out.
  await sleep(300);
  // PostgreSQL itself removes the file that a killed server left, unless the process id in it belongs to some other
  // process by now, as it often does in a container. That process is left alone.
  if (!alive) await rm(lock, { force: true });
  return true;
}

/** Starts the server under a keeper, which stops it when this process asks for it, or ends for whatever reason. */
async function keep(server: Server, port: number, log: string): Promise<() => Promise<void>> {
  const keeper = spawnKeeper(server, port, log);
  const ended = new Promise<number | null>((resolve) => {
    keeper.once('exit', resolve).once('error', () => resolve(null));
  });
  keeper.stdin.on('error', () => {}); // it is gone: `ended` says so

  const lines = createInterface(keeper.stdout);
  const [answer] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
  if (answer !== 'ready') {
    await ended;
    throw new Error(answer ?? 'the keeper did not start');
  }

  // A process that forgets to stop the server can still end, and the keeper stops it then.
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
    // Out of the terminal's process group: Ctrl-C is for the application, which may still need its database.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: '/',
    // The log is searched for English words.
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
