import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { canEnter, type Account } from './account';

/** The names that the folder of a server may contain. */
const contents = ['cluster', 'cluster.unfinished', 'native', 'password', 'server.log'];

/** Creates the folder of a server, or reuses that of an earlier run. Without `wanted`, creates a temporary folder. */
export async function prepareFolder(wanted?: string, account?: Account): Promise<string> {
  const folder =
    wanted === undefined
      ? await mkdtemp(join(await temporaryFolder(account), 'embedded-postgres-'))
      : await reachableFolder(resolve(wanted), account);

  await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting);
  await claim(folder, account);
  return folder;
}

/** Returns the folder, or one in the temporary folder if the server's account cannot reach it, such as in root's home. */
async function reachableFolder(folder: string, account?: Account): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  if (await canEnter(dirname(folder), account)) return folder;
  // Derive the name from the path, so that the next run finds the data again.
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(await temporaryFolder(account), `embedded-postgres-${name}`);
}

async function temporaryFolder(account?: Account): Promise<string> {
  // The temporary folder of root may be closed to other accounts.
  return (await canEnter(tmpdir(), account)) ? tmpdir() : '/tmp';
}

/** Ensures that only this process or the server owns the folder, because every user can create folders next to it. */
async function claim(folder: string, account?: Account): Promise<void> {
  const { uid } = await lstat(folder);
  const found = await readdir(folder);
  const foreign = found.filter((name) => !contents.includes(name));
  if (foreign.length > 0)
    throw new Error(`${folder} is not the folder of a demo database: it contains ${foreign.join(', ')}.`);

  const ourselves = process.getuid?.();
  if (ourselves === undefined) return; // On Windows every user has their own temporary folder.
  if (uid === (account?.uid ?? ourselves)) return;
  const fresh = uid === ourselves && found.length === 0;
  if (!account || !fresh) throw new Error(`${folder} belongs to another user (${uid}).`);
  await chown(folder, account.uid, account.gid);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
