import { Client } from 'pg';

// What the global set-up found out reaches the tests by way of the environment, as they run in other processes.

/** Remembers where this run has its PostgreSQL, and how the names of all its databases begin. */
export function rememberServer(url: string, run: string): void {
  process.env.TEST_SERVER_URL = url;
  process.env.TEST_RUN = run;
}

export function runName(): string {
  return remembered('TEST_RUN');
}

export function templateName(): string {
  return `${runName()}_template`;
}

export function databaseUrl(database: string): string {
  const url = new URL(remembered('TEST_SERVER_URL'));
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs one statement outside the databases of the tests. */
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
  if (!value) throw new Error(`${name} is not set: tests run under Jest with its global set-up.`);
  return value;
}
