import { Client } from 'pg';

import { databaseName, type Database } from './database';

/** The work of the database server. */
export interface Cost {
  readonly statements: number;
  /** Reads of the change log. Each node does one every 500 ms, with or without requests. */
  readonly logReads: number;
  /** The size of the write-ahead log without full pages, in bytes. */
  readonly wal: number;
  /** The size of full pages in the log, in bytes. A page is logged in full at its first change after a checkpoint. */
  readonly fullPages: number;
}

/**
 * Runs the work and returns its cost in the database at the URL, as counted by the server. All other work of the server
 * during that time is counted too. Returns `undefined` without running the work if the server cannot count.
 */
export async function costOf(
  database: Database,
  url: string,
  work: () => Promise<void>,
): Promise<Cost | undefined> {
  if (!(await canCount(database))) return undefined;
  const { client } = database;
  const name = databaseName(url);
  await settle(url);

  const reset = 'select pg_stat_statements_reset(0, (select oid from pg_database where datname = $1))';
  await client.query(reset, [name]);
  const start = await position(client);
  await work();
  const end = await position(client);
  return { ...(await statements(client, name)), ...(await log(client, start, end)) };
}

/** Creates the extensions. Both come with PostgreSQL. One must be loaded at server start, the other needs a superuser. */
async function canCount({ client }: Database): Promise<boolean> {
  try {
    await client.query('create extension if not exists pg_stat_statements');
    await client.query('create extension if not exists pg_walinspect');
    await client.query('select count(*) from pg_stat_statements');
    return true;
  } catch {
    return false;
  }
}

/** Runs VACUUM in advance. Otherwise an automatic one after the sign-ins would be counted too. */
async function settle(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('vacuum (analyze)');
  await client.end();
}

async function position(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_flush_lsn() as lsn');
  return rows[0]!.lsn;
}

async function statements(client: Client, name: string): Promise<Pick<Cost, 'statements' | 'logReads'>> {
  const { rows } = await client.query<Record<'statements' | 'logReads', string | null>>(
    `select sum(calls) filter (where query not like '%identity_session_changes%') as statements,
            sum(calls) filter (where query like '%identity_session_changes%') as "logReads"
     from pg_stat_statements join pg_database on oid = dbid where datname = $1`,
    [name],
  );
  return { statements: Number(rows[0]!.statements), logReads: Number(rows[0]!.logReads) };
}

async function log(client: Client, start: string, end: string): Promise<Pick<Cost, 'wal' | 'fullPages'>> {
  const { rows } = await client.query<Record<'wal' | 'pages', string | null>>(
    'select sum(record_size) as wal, sum(fpi_size) as pages from pg_get_wal_stats($1, $2)',
    [start, end],
  );
  return { wal: Number(rows[0]!.wal), fullPages: Number(rows[0]!.pages) };
}
