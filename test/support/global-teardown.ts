import { onServer, runName } from './server';

declare global {
  /** Stops the server that the global set-up started, if it did. */
  var stopTestServer: (() => Promise<void>) | undefined;
}

/** Stops our own server, or leaves another one as it was. */
export default async function tearDown(): Promise<void> {
  if (globalThis.stopTestServer) return globalThis.stopTestServer();

  // The template, and what tests that were cut short did not drop.
  const databases = await onServer<{ datname: string }>(
    `select datname from pg_database where starts_with(datname, '${runName()}_')`,
  );
  for (const { datname } of databases) await onServer(`drop database if exists ${datname} with (force)`);
}
