// Starts PostgreSQL, waits until standard input ends, and stops PostgreSQL.
//
// The parent process holds the other end of that pipe. The operating system closes it when the parent ends, even after a
// crash or SIGKILL, so that the server is always stopped. Signals are ignored for this reason.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * @typedef {object} Job
 * @property {string} pgCtl
 * @property {string} cluster
 * @property {string} log
 * @property {number} port
 * @property {Record<string, string | number>} settings
 * @property {{ uid: number, gid: number }} [account]
 * @property {string} [remove] the folder to remove after the server has stopped
 */
const job = /** @type {Job} */ (JSON.parse(process.argv[2] ?? ''));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const settings = Object.entries(job.settings).map(([name, value]) => `-c ${name}=${value}`);
const failure = pgCtl('start', '-l', job.log, '-o', settings.join(' '));
console.log(failure ?? 'ready');
if (failure) process.exit(1);

process.stdin.on('error', () => {}).resume();
await once(process.stdin, 'close');

// If the server has already ended, its process id may belong to another process by now.
const problem = (await answers()) ? pgCtl('stop', '-m', 'fast') : undefined;
if (job.remove) rmSync(job.remove, { recursive: true, force: true, maxRetries: 10 });
process.exit(problem ? 1 : 0);

/** Runs pg_ctl and waits for its result. Returns the error as one line, or undefined if it succeeded. */
function pgCtl(/** @type {string[]} */ ...args) {
  const { status, stderr, error } = spawnSync(
    job.pgCtl,
    [...args, '-D', job.cluster, '-w', '-t', '60', '-s'],
    {
      ...job.account,
      // On Windows the server would inherit a pipe, and spawnSync would wait until the server ends.
      stdio: ['ignore', 'ignore', process.platform === 'win32' ? 'ignore' : 'pipe'],
      encoding: 'utf8',
      windowsHide: true,
    },
  );
  if (status === 0) return undefined;
  return (error?.message || stderr || `pg_ctl ${args[0]}: exit code ${status}`).trim().replace(/\s+/g, ' ');
}

/** @returns {Promise<boolean>} */
function answers() {
  return new Promise((resolve) => {
    const socket = connect(job.port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
