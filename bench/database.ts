import { Client } from 'pg';

import { startEmbeddedPostgres } from '../examples/demo/postgres';

/** A PostgreSQL server with its default durability settings. */
export interface Database {
  readonly version: string;
  /** A connection to the server that is not used by the measured apps. */
  readonly client: Client;
  /** Creates a database and returns its URL. With `flush`, each flush of its write-ahead log takes that many milliseconds more. */
  create(options?: { readonly flush?: number }): Promise<string>;
  /** Drops the database at the URL, so that it causes no further work of the server. */
  drop(url: string): Promise<void>;
  /** Drops the remaining databases, and stops the server if it was started here. */
  close(): Promise<void>;
}

/** Connects to the server of `DATABASE_URL`, or starts the embedded PostgreSQL of the demo. */
export async function openDatabase(): Promise<Database> {
  const given = process.env['DATABASE_URL'];
  if (given) return Postgres.open(given, async () => undefined);
  const { url, stop } = await startEmbeddedPostgres({
    settings: {
      max_connections: 200,
      // The extension counts statements. The write-ahead log of a measurement must be kept until its end.
      shared_preload_libraries: 'pg_stat_statements',
      wal_keep_size: '2GB',
    },
  });
  return Postgres.open(url, stop);
}

export function databaseName(url: string): string {
  return new URL(url).pathname.slice(1);
}

class Postgres implements Database {
  #created = 0;
  readonly #names = new Set<string>();

  private constructor(
    readonly client: Client,
    readonly version: string,
    private readonly url: string,
    private readonly stop: () => Promise<void>,
  ) {}

  static async open(url: string, stop: () => Promise<void>): Promise<Postgres> {
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return new Postgres(client, rows[0]!.server_version, url, stop);
  }

  async create({ flush = 0 }: { readonly flush?: number } = {}): Promise<string> {
    const name = `eis_bench_${process.pid}_${++this.#created}`;
    await this.client.query(`create database ${name} template template0`);
    this.#names.add(name);
    if (flush > 0) await this.#delayFlushes(name, flush);
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async drop(url: string): Promise<void> {
    await this.#drop(databaseName(url));
  }

  async close(): Promise<void> {
    for (const name of this.#names) await this.#drop(name);
    await this.client.end();
    await this.stop();
  }

  /** Commits during a delay share the flush that follows it, as they share a slow flush. */
  async #delayFlushes(name: string, flush: number): Promise<void> {
    const { rows } = await this.client.query<{ fsync: string }>('show fsync');
    if (rows[0]!.fsync !== 'on')
      throw new Error('Flushes can only be measured with fsync = on: change this setting of the server');
    await this.client.query(`alter database ${name} set commit_delay = ${flush * 1000}`);
    await this.client.query(`alter database ${name} set commit_siblings = 0`);
  }

  async #drop(name: string): Promise<void> {
    await this.client.query(`drop database if exists ${name} with (force)`);
    this.#names.delete(name);
  }
}
