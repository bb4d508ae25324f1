/**
 * `npm run test:faults`: runs the fault matrix where nothing of it outlives it. Its processes, mounts and shared memory end
 * with the first of its processes, and its files are in one folder; whoever is killed, the last one takes that away.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './tools';

const OWN_WORLD = ['unshare', '--mount', '--pid', '--ipc', '--fork', '--mount-proc', '--kill-child'];

/** Runs what it is given, and then takes the folder away. */
const TIDY = '"$@"; code=$?; rm -rf "$TMPDIR"; exit $code';

/** Runs what it is given, and takes notice of servers that end: to them it is the first of all processes. */
const FIRST = '"$@"; exit $?';

async function main(words: readonly string[]): Promise<void> {
  const matrix = [process.execPath, '-r', 'sucrase/register/ts', join(__dirname, 'matrix.ts'), ...words];
  const allowed = await run(OWN_WORLD[0]!, ...OWN_WORLD.slice(1), 'true').then(
    () => true,
    () => false,
  );
  const world = allowed ? [...OWN_WORLD, 'sh', '-c', FIRST, 'sh'] : [];
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  // The servers have accounts of their own.
  chmodSync(folder, 0o755);
  const child = spawn('sh', ['-c', TIDY, 'sh', ...world, ...matrix], {
    // Out of the terminal's process group: it ends when it finds that this process is gone, and tidies up.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TMPDIR: folder },
  });
  child.once('exit', (code) => (process.exitCode = code ?? 1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => child.connected && child.disconnect());
  }
}

void main(process.argv.slice(2));
