import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAs, type Account } from './account';
import type { Programs } from './programs';

/** Creates the data folder of a server, unless an earlier run has created it. */
export async function createCluster(programs: Programs, folder: string, account?: Account): Promise<void> {
  const cluster = join(folder, 'cluster');
  if (existsSync(cluster)) return;

  // Create it under a temporary name. Otherwise an interrupted run would leave a cluster that never starts.
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
    ...(await localeOptions(programs, account)),
    '--no-sync',
  ]);
  await rename(unfinished, cluster);
}

/** The same sort order on every machine. Before PostgreSQL 17, the locale C.UTF-8 must be installed. */
async function localeOptions({ initdb }: Programs, account?: Account): Promise<string[]> {
  const [major] = /\d+/.exec(await runAs(account, initdb, ['--version'])) ?? [];
  if (Number(major) < 17) return ['--locale=C.UTF-8'];
  return ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
}
