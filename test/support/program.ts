import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROJECT = join(__dirname, '../..');

/** The time after which a program is killed, in milliseconds. */
const PROGRAM_TIMEOUT = 20_000;

/**
 * Runs TypeScript source as a separate process in the project's folder and returns its standard output. Rejects if the
 * program fails or does not end within the timeout.
 */
export async function outputOf(
  program: string,
  env: NodeJS.ProcessEnv = {},
  timeout = PROGRAM_TIMEOUT,
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-r', 'sucrase/register/ts', '--eval', program],
    { cwd: PROJECT, env: { ...process.env, ...env }, timeout: timeout },
  );
  return stdout;
}
