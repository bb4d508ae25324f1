import { onServer, runName } from './server';
import { deleteTemporaryFolders } from './tarball';

declare global {
  /** Stops the server that the global set-up started. Undefined if it started none. */
  var stopTestServer: (() => Promise<void>) | undefined;
}

/** Deletes temporary folders and stops the server of this run. On another server, drops the databases of this run. */
export default async function tearDown(): Promise<void> {
  deleteTemporaryFolders();
  if (globalThis.stopTestServer) return globalThis.stopTestServer();

  // The template, and databases that aborted tests did not drop.
  const databases = await onServer<{ datname: string }>(
    `select datname from pg_database where starts_with(datname, '${runName()}_')`,
  );
  for (const { datname } of databases) await onServer(`drop database if exists ${datname} with (force)`);
}
