import { execFileSync } from 'node:child_process';

/** Returns true if the program can be started with these arguments. */
export function isInstalled(program: string, args: readonly string[], env = process.env): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', env });
    return true;
  } catch {
    return false;
  }
}

/** Tests that need programs of the system. Without them, they are skipped and say so. With CI=true they fail instead. */
export function describeWith(
  packages: string,
  available: boolean,
): (name: string, tests: () => void) => void {
  return available || process.env['CI'] === 'true'
    ? describe
    : (name, tests) => describe.skip(`${name} (install: ${packages})`, tests);
}
