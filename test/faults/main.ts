/**
 * `npm run test:faults`: runs the fault matrix isolated, so that nothing remains afterwards, even if it is killed. Its
 * processes, mounts and shared memory are in their own namespaces, and its files are in one temporary folder.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './tools';

const ISOLATED = ['unshare', '--mount', '--pid', '--ipc', '--fork', '--mount-proc', '--kill-child'];

/** A shell script that runs its arguments and then deletes the folder. */
const TIDY = '"$@"; code=$?; rm -rf "$TMPDIR"; exit $code';

/** A shell script that runs its arguments. As process 1 of the namespace, the shell also reaps servers that end. */
const FIRST = '"$@"; exit $?';

async function main(words: readonly string[]): Promise<void> {
  const matrix = [process.execPath, '-r', 'sucrase/register/ts', join(__dirname, 'matrix.ts'), ...words];
  const allowed = await run(ISOLATED[0]!, ...ISOLATED.slice(1), 'true').then(
    () => true,
    () => false,
  );
  const isolated = allowed ? [...ISOLATED, 'sh', '-c', FIRST, 'sh'] : [];
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  // The servers run under other accounts, which must be able to read the folder.
  chmodSync(folder, 0o755);
  const child = spawn('sh', ['-c', TIDY, 'sh', ...isolated, ...matrix], {
    // In its own process group, so that Ctrl-C does not kill it. It notices when this process ends, and cleans up.
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
