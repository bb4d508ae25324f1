import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { canEnter, type Account } from './account';

/** All that a server's folder may contain. */
const contents = ['cluster', 'cluster.unfinished', 'native', 'password', 'server.log'];

/** Makes the folder of a server, or takes over the one of an earlier run; a temporary one if none is wanted. */
export async function prepareFolder(wanted?: string, account?: Account): Promise<string> {
  const folder =
    wanted === undefined
      ? await mkdtemp(join(await temporaryFolder(account), 'embedded-postgres-'))
      : await reachableFolder(resolve(wanted), account);

  await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting);
  await claim(folder, account);
  return folder;
}

/** The folder itself, unless root wants it at a place that is closed to the server, such as root's home. */
async function reachableFolder(folder: string, account?: Account): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  if (await canEnter(dirname(folder), account)) return folder;
  // The same name every time, so that the next run finds the data again.
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(await temporaryFolder(account), `embedded-postgres-${name}`);
}

async function temporaryFolder(account?: Account): Promise<string> {
  // Root may have a temporary folder of its own.
  return (await canEnter(tmpdir(), account)) ? tmpdir() : '/tmp';
}

/** Sees to it that the folder is ours or the server's alone: it may stand where everybody can make folders. */
async function claim(folder: string, account?: Account): Promise<void> {
  const { uid } = await lstat(folder);
  const found = await readdir(folder);
  const foreign = found.filter((name) => !contents.includes(name));
  if (foreign.length > 0)
    throw new Error(`${folder} is no folder of ours: it contains ${foreign.join(', ')}.`);

  const ourselves = process.getuid?.();
  if (ourselves === undefined) return; // Windows gives every user a temporary folder of their own
  if (uid === (account?.uid ?? ourselves)) return;
  const fresh = uid === ourselves && found.length === 0;
  if (!account || !fresh) throw new Error(`${folder} belongs to another user (${uid}).`);
  await chown(folder, account.uid, account.gid);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
