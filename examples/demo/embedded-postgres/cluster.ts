import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAs, type Account } from './account';
import type { Programs } from './programs';

/** Makes the data of a new server, unless an earlier run did. */
export async function createCluster(programs: Programs, folder: string, account?: Account): Promise<void> {
  const cluster = join(folder, 'cluster');
  if (existsSync(cluster)) return;

  // Under another name until it is complete, so that a run killed half-way does not leave a cluster that never starts.
  const unfinished = join(folder, 'cluster.unfinished');
  await rm(unfinished, { recursive: true, force: true });

  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);

  await runAs(account, programs.initdb, [
    `--pgdata=${unfinished}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same sort order on every machine, whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ]);
  await rename(unfinished, cluster);
}
