import { Client } from 'pg';

// The global set-up passes its results to the tests in environment variables, because tests run in other processes.

/** Stores the URL of PostgreSQL and the prefix of this run's database names. */
export function rememberServer(url: string, run: string): void {
  process.env.TEST_SERVER_URL = url;
  process.env.TEST_RUN = run;
}

export function runName(): string {
  return remembered('TEST_RUN');
}

/** The number of partitions in the tests of the partitioned layout. Not a power of two, so that partitions differ in size. */
export const PARTITIONS = 7;

/** The layouts of the table of sessions, each with a template of its own. */
export type Layout = 'plain' | 'partitioned';

/** The layout that tests use if they do not name one. The project `partitions` sets it. */
export function usualLayout(): Layout {
  return process.env.TEST_LAYOUT === 'partitioned' ? 'partitioned' : 'plain';
}

export function templateName(layout: Layout): string {
  return `${runName()}_${layout}`;
}

export function databaseUrl(database: string): string {
  const url = new URL(remembered('TEST_SERVER_URL'));
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs one statement in the server's default database. */
export async function onServer<Row extends object>(statement: string): Promise<Row[]> {
  const client = new Client({
    connectionString: remembered('TEST_SERVER_URL'),
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(statement);
    return rows;
  } finally {
    await client.end();
  }
}

function remembered(name: 'TEST_SERVER_URL' | 'TEST_RUN'): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: run this test with Jest, which runs the global set-up first`);
  return value;
}
