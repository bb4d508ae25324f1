import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whom the server runs as, if not as ourselves. */
export interface Account {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root, so root lends it another account. */
export async function findAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([
        runAs(undefined, 'id', ['-u', name]),
        runAs(undefined, 'id', ['-g', name]),
      ]);
      return { uid: Number(uid), gid: Number(gid) };
    } catch {
      // no such user
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user "postgres" nor a user "nobody".',
  );
}

export async function canEnter(folder: string, account?: Account): Promise<boolean> {
  if (!account) return true;
  return runAs(account, 'test', ['-x', folder]).then(
    () => true,
    () => false,
  );
}

/** Runs a program to its end and returns what it says; what it complains about is in the error. */
export async function runAs(account: Account | undefined, program: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    ...account,
    // The folder we are in may be closed to that account.
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    windowsHide: true,
  });
  return stdout;
}
