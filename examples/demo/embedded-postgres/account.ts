import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The operating system account of the server, if it is not that of this process. */
export interface Account {
  uid: number;
  gid: number;
}

/** Returns an account for the server if this process runs as root, because PostgreSQL refuses to run as root. */
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
      // There is no such user. Try the next name.
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and the users "postgres" and "nobody" do not exist. Create one of them.',
  );
}

/** Returns true if the account has access to the folder. */
export async function canEnter(folder: string, account?: Account): Promise<boolean> {
  if (!account) return true;
  return runAs(account, 'test', ['-x', folder]).then(
    () => true,
    () => false,
  );
}

/** Runs a program and returns its output. If it fails, the error contains its output on stderr. */
export async function runAs(account: Account | undefined, program: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    ...account,
    // The account may have no access to the current folder.
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    windowsHide: true,
  });
  return stdout;
}
