import { setTimeout as sleep } from 'node:timers/promises';
import knex, { type Knex } from 'knex';

import type { IdentitySessionManager, IdentitySessionOptions } from '../../lib';
import { bucketOfOwner } from '../../migrations/001_identity_sessions';
import type { Database } from '../database';
import { signInOf } from '../people';
import { progress } from '../report';
import { builtPackage } from '../variants/peers';

const SESSIONS_A_USER = 5;
const SESSIONS_A_TENANT = 20_000;

/** A session in the table. */
export interface Row {
  readonly sessionId: string;
  readonly userId: string;
  readonly tenantId: string;
}

/** The form of the sessions in the table. */
export interface Filling {
  readonly sessionsATenant?: number;
  /** The number of partitions. Default: one table without partitions. */
  readonly partitions?: number;
  /** SQL for columns, from the number `i` of the session and the times `opened` and `used`. Default: those of one example. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** A database whose table contains a given number of live sessions. */
export class FilledTable {
  readonly #managers: IdentitySessionManager[] = [];

  private constructor(
    readonly rows: number,
    readonly url: string,
    readonly pool: Knex,
    private readonly sessionsATenant: number,
    private readonly drop: () => Promise<void>,
  ) {}

  static async of(
    rows: number,
    database: Database,
    { sessionsATenant = SESSIONS_A_TENANT, columns = {}, partitions }: Filling = {},
  ): Promise<FilledTable> {
    progress(`filling a table with ${rows} sessions`);
    const url = await database.create();
    const pool = knex({ client: 'pg', connection: url });
    const table = new FilledTable(rows, url, pool, sessionsATenant, () => database.drop(url));
    try {
      await builtPackage().migrate(pool, { partitions });
      await table.#fill(columns);
      return table;
    } catch (error) {
      await table.close();
      throw error;
    }
  }

  manager(options: IdentitySessionOptions = {}): IdentitySessionManager {
    const manager = builtPackage().createIdentitySessionManager({
      knex: this.pool,
      requestBudget: 60_000,
      ...options,
    });
    this.#managers.push(manager);
    return manager;
  }

  /** Returns a manager that has read the change log, and with it the database's time. It ends nothing before that. */
  async runningManager(options: IdentitySessionOptions = {}): Promise<IdentitySessionManager> {
    const manager = this.manager(options);
    await manager.administration.policy();
    for (let waited = 0; manager.health().changes?.age === null && waited < 1000; waited++) await sleep(10);
    return manager;
  }

  /** Returns random sessions, each of a different user. */
  async sample(count: number): Promise<readonly Row[]> {
    const { rows } = await this.pool.raw<{ rows: Row[] }>(
      `with drawn as (
         select distinct on (user_id) replace(session_id::text, '-', '') as "sessionId", user_id as "userId", tenant_id as "tenantId"
         from identity_sessions where random() < ?::float8 / ?
       )
       select * from drawn order by random() limit ?`,
      [count * 4, this.rows, count],
    );
    return rows;
  }

  async close(): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.close()));
    await this.pool.destroy();
    await this.drop();
  }

  /**
   * Inserts copies of a session that the package opened, with different owners and times. They were signed in one after the
   * other during the last 30 days and used during the last six days. Building the indexes afterwards is faster.
   */
  async #fill(more: Filling['columns'] = {}): Promise<void> {
    await this.manager().open(signInOf('example', 0));
    const indexes = await this.#dropIndexes();
    const userId = `md5('user' || i % ${Math.ceil(this.rows / SESSIONS_A_USER)})::uuid::text`;
    const tenantId = `'tenant-' || i % ${Math.ceil(this.rows / this.sessionsATenant)}`;
    const time = `lpad(to_hex((extract(epoch from opened) * 1000)::bigint), 12, '0')`;
    const overrides: Readonly<Record<string, string>> = {
      session_id: `(${time} || '7' || lpad(to_hex(home), 3, '0') || substr(md5(i::text), 1, 16))::uuid`,
      bucket: 'home',
      secret_hash: `sha256(i::text::bytea)`,
      user_id: userId,
      tenant_id: tenantId,
      signed_in: 'opened',
      last_accessed: 'used',
      active_day: `(used at time zone 'UTC')::date`,
      ...more,
    };
    const columns = Object.keys(await this.pool('identity_sessions').columnInfo());
    const insert = `
      with example as (delete from identity_sessions returning *)
      insert into identity_sessions (${columns.join()})
      select ${columns.map((column) => overrides[column] ?? `example.${column}`).join()}
      from example, generate_series(1, ${this.rows}) as i,
        lateral (select now() - interval '30 days' * (1 - i / ${this.rows}::float8)) as one (opened),
        lateral (select greatest(opened, now() - interval '6 days' * random())) as other (used),
        lateral (select ${bucketOfOwner(tenantId, userId)}) as owner (home)`;
    await this.pool.transaction(async (transaction) => {
      // No triggers, because the trail of these sign-ins is not measured.
      await transaction.raw('set local session_replication_role = replica');
      await transaction.raw(insert);
    });
    for (const index of indexes) await this.pool.raw(index);
    await this.pool.raw('vacuum (analyze) identity_sessions');
    await this.pool.raw('checkpoint');
  }

  /** Returns the definitions of the dropped indexes. */
  async #dropIndexes(): Promise<string[]> {
    const { rows } = await this.pool.raw<{ rows: { name: string; definition: string }[] }>(`
      select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid = 'identity_sessions'::regclass and not indisprimary`);
    for (const { name } of rows) await this.pool.raw(`drop index ${name}`);
    // The definition of an index on partitions would create it on the parent only.
    return rows.map(({ definition }) => definition.replace(' ON ONLY ', ' ON '));
  }
}
