import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROJECT = join(__dirname, '../..');

/** How long a program may take that has to end by itself, in milliseconds. */
const PROGRAM_TIMEOUT = 20_000;

/**
 * Runs a program in a process of its own, in the project's folder, and answers what it wrote. Fails when the program does,
 * and when it does not end by itself.
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
