import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The output of a program. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** In milliseconds, for each program, because the machine may be busy. */
const PROGRAM_TIMEOUT = 180_000;

/** Runs a program that must exit with code 0. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Output> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: PROGRAM_TIMEOUT };
  return promisify(execFile)(program, args, options).catch((error: Error & Output) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
}
