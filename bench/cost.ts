import { Client } from 'pg';

import { databaseName, type Database } from './database';

/** What was done in the database. */
export interface Cost {
  readonly statements: number;
  /** Reads of the change log, which take place every half second, whether there are requests or not. */
  readonly heartbeats: number;
  /** Bytes of write-ahead log without full pages. */
  readonly wal: number;
  /** Pages that are logged whole because they were written for the first time since a checkpoint, in bytes. */
  readonly fullPages: number;
}

/**
 * What the work costs in the database at the URL, as the server has counted it; undefined where it cannot. Whatever else
 * the server does meanwhile is counted too.
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

/** Both extensions come with PostgreSQL; one has to be loaded when the server starts, the other wants a superuser. */
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

/** What a vacuum after thousands of sign-ins writes is not the requests' doing. */
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

async function statements(client: Client, name: string): Promise<Pick<Cost, 'statements' | 'heartbeats'>> {
  const { rows } = await client.query<Record<'statements' | 'heartbeats', string | null>>(
    `select sum(calls) filter (where query not like '%identity_session_changes%') as statements,
            sum(calls) filter (where query like '%identity_session_changes%') as heartbeats
     from pg_stat_statements join pg_database on oid = dbid where datname = $1`,
    [name],
  );
  return { statements: Number(rows[0]!.statements), heartbeats: Number(rows[0]!.heartbeats) };
}

async function log(client: Client, start: string, end: string): Promise<Pick<Cost, 'wal' | 'fullPages'>> {
  const { rows } = await client.query<Record<'wal' | 'pages', string | null>>(
    'select sum(record_size) as wal, sum(fpi_size) as pages from pg_get_wal_stats($1, $2)',
    [start, end],
  );
  return { wal: Number(rows[0]!.wal), fullPages: Number(rows[0]!.pages) };
}
