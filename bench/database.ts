import { Client } from 'pg';

import { startEmbeddedPostgres } from '../examples/demo/postgres';

/** A PostgreSQL with the durability of its defaults. */
export interface Database {
  readonly version: string;
  /** A new database; its URL. */
  create(): Promise<string>;
  /** What the work costs in the database at the URL, where the server can tell. */
  costOf(url: string, work: () => Promise<void>): Promise<Cost | undefined>;
  /** Drops what was created here, and stops the server if it was started here. */
  close(): Promise<void>;
}

export interface Cost {
  readonly statements: number;
  /** Reads of the change log, which take place every half second, whether there are requests or not. */
  readonly heartbeats: number;
  /** Bytes of write-ahead log without full pages. */
  readonly wal: number;
  /** Pages that are logged whole because they were written for the first time since a checkpoint, in bytes. */
  readonly fullPages: number;
}

/** Uses `DATABASE_URL`, or starts the PostgreSQL of the demo. */
export async function openDatabase(): Promise<Database> {
  const given = process.env['DATABASE_URL'];
  if (given) return Postgres.open(given, async () => undefined);
  const { url, stop } = await startEmbeddedPostgres({
    settings: {
      max_connections: 200,
      // To count statements; and the log of a measurement must still be there at its end.
      shared_preload_libraries: 'pg_stat_statements',
      wal_keep_size: '2GB',
    },
  });
  return Postgres.open(url, stop);
}

class Postgres implements Database {
  readonly #url: string;
  readonly #client: Client;
  readonly #stop: () => Promise<void>;
  readonly #created: string[] = [];
  #version = '';

  private constructor(url: string, client: Client, stop: () => Promise<void>) {
    this.#url = url;
    this.#client = client;
    this.#stop = stop;
  }

  static async open(url: string, stop: () => Promise<void>): Promise<Postgres> {
    const client = new Client({ connectionString: url });
    await client.connect();
    const postgres = new Postgres(url, client, stop);
    postgres.#version = (
      await postgres.#ask<{ server_version: string }>('show server_version')
    ).server_version;
    return postgres;
  }

  get version(): string {
    return this.#version;
  }

  async create(): Promise<string> {
    const name = `eis_bench_${process.pid}_${this.#created.length}`;
    await this.#client.query(`create database ${name} template template0`);
    this.#created.push(name);
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async costOf(url: string, work: () => Promise<void>): Promise<Cost | undefined> {
    const name = new URL(url).pathname.slice(1);
    if (!(await this.#canCount())) {
      await work();
      return undefined;
    }
    await this.#settle(url);
    await this.#client.query(
      'select pg_stat_statements_reset(0, (select oid from pg_database where datname = $1))',
      [name],
    );
    const start = await this.#position();
    await work();
    const end = await this.#position();
    return { ...(await this.#statements(name)), ...(await this.#log(start, end)) };
  }

  async close(): Promise<void> {
    for (const name of this.#created)
      await this.#client.query(`drop database if exists ${name} with (force)`);
    await this.#client.end();
    await this.#stop();
  }

  /** Both come with PostgreSQL; one has to be loaded when the server starts, the other wants a superuser. */
  async #canCount(): Promise<boolean> {
    try {
      await this.#client.query('create extension if not exists pg_stat_statements');
      await this.#client.query('create extension if not exists pg_walinspect');
      await this.#client.query('select count(*) from pg_stat_statements');
      return true;
    } catch {
      return false;
    }
  }

  /** What a vacuum after thousands of sign-ins writes is not the requests' doing. */
  async #settle(url: string): Promise<void> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('vacuum (analyze)');
    await client.end();
  }

  async #position(): Promise<string> {
    return (await this.#ask<{ lsn: string }>('select pg_current_wal_flush_lsn() as lsn')).lsn;
  }

  async #statements(name: string): Promise<Pick<Cost, 'statements' | 'heartbeats'>> {
    const { statements, heartbeats } = await this.#ask<Record<'statements' | 'heartbeats', string | null>>(
      `select sum(calls) filter (where query not like '%identity_session_changes%') as statements,
              sum(calls) filter (where query like '%identity_session_changes%') as heartbeats
       from pg_stat_statements join pg_database on oid = dbid where datname = $1`,
      [name],
    );
    return { statements: Number(statements), heartbeats: Number(heartbeats) };
  }

  async #log(start: string, end: string): Promise<Pick<Cost, 'wal' | 'fullPages'>> {
    const { wal, pages } = await this.#ask<Record<'wal' | 'pages', string | null>>(
      'select sum(record_size) as wal, sum(fpi_size) as pages from pg_get_wal_stats($1, $2)',
      [start, end],
    );
    return { wal: Number(wal), fullPages: Number(pages) };
  }

  async #ask<R extends object>(statement: string, values: readonly unknown[] = []): Promise<R> {
    const { rows } = await this.#client.query<R>(statement, [...values]);
    return rows[0]!;
  }
}
