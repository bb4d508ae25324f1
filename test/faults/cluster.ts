import { chown, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import knex from 'knex';
import { Client } from 'pg';

import { findAccount } from '../../examples/demo/embedded-postgres/account';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../examples/demo/postgres';
import { migrate } from '../../lib';
import { installAudit } from './audit';
import { run } from './tools';

/** The limit of live sessions per user in all runs. */
export const SESSIONS_PER_USER = 3;

/** The connections that the server accepts. A fault holds all of them to shut others out. */
const MAX_CONNECTIONS = 60;

const SETTINGS = {
  max_connections: MAX_CONNECTIONS,
  // Only processes are killed, not machines, so data that was passed to the operating system survives.
  fsync: 'off',
  full_page_writes: 'off',
  restart_after_crash: 'on',
};

const TEMPLATE = 'faults_template';

export interface ClusterOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** An empty folder for the write-ahead log. By default it is inside the data folder. */
  readonly log?: string;
}

/** A PostgreSQL server that can be frozen, killed and restarted. */
export class Cluster {
  readonly folder: string;
  readonly #options: ClusterOptions;
  #server: EmbeddedPostgres | undefined;
  #url = '';
  #databases = 0;

  private constructor(folder: string, options: ClusterOptions) {
    this.folder = folder;
    this.#options = options;
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(await temporaryFolder(), options);
    await cluster.start();
    if (options.log !== undefined) await cluster.#moveLog(options.log);
    await cluster.#makeTemplate();
    return cluster;
  }

  get url(): string {
    return this.#url;
  }

  /** Starts the server, at the same address as before if it has already run. */
  async start(): Promise<void> {
    this.#server = await startEmbeddedPostgres({
      dataFolder: this.folder,
      settings: SETTINGS,
      ...(this.#url && { port: Number(new URL(this.#url).port) }),
      ...(this.#options.env && { env: this.#options.env }),
    });
    this.#url = this.#server.url;
  }

  /** Cleans up after a server that has ended in another way. */
  async release(): Promise<void> {
    await this.#server?.stop();
  }

  async stop(): Promise<void> {
    await this.release();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Creates a database with the package's tables and the audit triggers. Returns its URL. */
  async database(): Promise<string> {
    const name = `faults_${++this.#databases}`;
    await this.#do(`create database ${name} template ${TEMPLATE}`);
    return this.#urlOf(name);
  }

  /** Opens a direct connection, without proxy or pool. */
  async connect(url = this.#url): Promise<Client> {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Sends a signal to the postmaster or to all processes of the server. */
  async signal(signal: NodeJS.Signals, whom: 'postmaster' | 'all'): Promise<readonly number[]> {
    const postmaster = await this.postmaster();
    const pids = [postmaster, ...(whom === 'all' ? await childrenOf(postmaster) : [])];
    for (const pid of pids) kill(pid, signal);
    return pids;
  }

  /** Freezes processes of the server for the given time in milliseconds. */
  async pause(whom: 'postmaster' | 'all', time: number): Promise<void> {
    const pids = await this.signal('SIGSTOP', whom);
    const goOn = () => pids.forEach((pid) => kill(pid, 'SIGCONT'));
    // A frozen server could not be ended when this process exits.
    process.once('exit', goOn);
    await sleep(time);
    process.off('exit', goOn);
    goOn();
  }

  async postmaster(): Promise<number> {
    return Number((await readFile(join(this.folder, 'cluster/postmaster.pid'), 'utf8')).split('\n')[0]);
  }

  /** Ends the server with the signal, and restarts it after the given time in milliseconds. */
  async outage(signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT', time: number): Promise<void> {
    const postmaster = await this.postmaster();
    await this.signal(signal, signal === 'SIGKILL' ? 'all' : 'postmaster');
    await sleep(time);
    await gone(postmaster);
    await this.release();
    await this.start();
  }

  /** Takes all connections of the server while `cutOthers` makes others lose theirs. Returns a function that frees them. */
  async takeAllConnections(cutOthers: () => void): Promise<() => Promise<void>> {
    const held: Client[] = [];
    for (let rounds = 0; rounds < 20; rounds++) {
      while (held.length < MAX_CONNECTIONS) {
        const client = await this.connect().catch(() => undefined);
        if (client === undefined) break;
        held.push(client);
      }
      cutOthers();
      await sleep(100);
    }
    return async () => void (await Promise.all(held.map((client) => client.end())));
  }

  async #moveLog(folder: string): Promise<void> {
    await this.release();
    const usual = join(this.folder, 'cluster/pg_wal');
    await cp(usual, folder, { recursive: true });
    const account = await findAccount();
    if (account) await run('chown', '-R', `${account.uid}:${account.gid}`, folder);
    await rm(usual, { recursive: true });
    await symlink(folder, usual);
    await this.start();
  }

  async #makeTemplate(): Promise<void> {
    await this.#do(`create database ${TEMPLATE} template template0`);
    const database = knex({ client: 'pg', connection: this.#urlOf(TEMPLATE) });
    try {
      await migrate(database);
    } finally {
      await database.destroy();
    }
    const client = await this.connect(this.#urlOf(TEMPLATE));
    await installAudit(client, SESSIONS_PER_USER).finally(() => client.end());
  }

  async #do(statement: string): Promise<void> {
    const client = await this.connect();
    await client.query(statement).finally(() => client.end());
  }

  #urlOf(database: string): string {
    const url = new URL(this.#url);
    url.pathname = `/${database}`;
    return url.href;
  }
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const account = await findAccount();
  if (account) await chown(folder, account.uid, account.gid);
  return folder;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already ended.
  }
}

/** Waits for the end of a process. A zombie counts as ended. */
async function gone(pid: number): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) [ZX]/.test(state)) return;
    await sleep(50);
  }
  throw new Error(`Process ${pid} did not end.`);
}
