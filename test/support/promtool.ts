import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** True if Debian's package prometheus, which contains promtool, is installed. */
const isInstalled = (() => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Without promtool, these tests are skipped and say so. With CI=true they fail instead. */
export const describeWithPromtool =
  isInstalled || process.env['CI'] === 'true'
    ? describe
    : (name: string, tests: () => void) => describe.skip(`${name} (install the package prometheus)`, tests);

/** Runs promtool in the folder, and returns its output. Rejects with the output if the check fails. */
export async function promtool(folder: string, ...args: string[]): Promise<string> {
  const run = promisify(execFile)('promtool', args, { cwd: folder, timeout: 60_000 });
  const { stdout } = await run.catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}
