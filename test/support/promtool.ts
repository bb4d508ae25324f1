import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describeWith, isInstalled } from './installed';

/** The tests that need Debian's package prometheus, which contains promtool. */
export const describeWithPromtool = describeWith('prometheus', isInstalled('promtool', ['--version']));

/** Runs promtool in the folder, and returns its output. Rejects with the output if the check fails. */
export async function promtool(folder: string, ...args: string[]): Promise<string> {
  const run = promisify(execFile)('promtool', args, { cwd: folder, timeout: 60_000 });
  const { stdout } = await run.catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}
