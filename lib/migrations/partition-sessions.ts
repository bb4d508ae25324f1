import type { Knex } from 'knex';

import {
  bucketInId,
  bucketOfOwner,
  createDisplace,
  createSessions,
  protectBuckets,
} from '../../migrations/001_identity_sessions';
import { jittered, systemClock } from '../clock';
import { plainKnex } from '../database/knex';
import { count, flag, func, schemaName } from '../options/checks';
import { type OptionTable, readOptions } from '../options/reader';
import { BUCKETS } from '../session/bucket';
import { explained } from './failures';
import { sessionsTable } from './layout';
import { checkServerVersion } from './migration';

/** Options of `partitionSessions`. */
export interface PartitionOptions {
  /** The number of partitions, from 1 to 4096. Required. */
  readonly partitions: number;
  /** The schema of the tables. Default: the first of the search path that has them. */
  readonly schema?: string | undefined;
  /**
   * True ends live sessions whose ids do not name the bucket of their owner: ids of the app's own that did not come from
   * `newSessionId`. They cannot be moved. Default: false, the call is refused if there are any.
   */
  readonly endOthers?: boolean | undefined;
  /** Called after every piece with the number of sessions that were copied so far. */
  readonly onProgress?: ((copied: number) => void) | undefined;
}

/** The result of `partitionSessions`. */
export interface PartitionedSessions {
  /** The number of rows in the partitions that were copied. Sessions that were opened meanwhile do not count. */
  readonly copied: number;
  /** The number of live sessions that were ended because their ids do not name the bucket of their owner. */
  readonly ended: number;
}

const OPTIONS = {
  partitions: { check: count(1, BUCKETS), required: 'write `partitionSessions(knex, { partitions: 64 })`' },
  schema: { check: schemaName },
  endOthers: { default: false, check: flag },
  onProgress: { check: func<(copied: number) => void>() },
} satisfies OptionTable<PartitionOptions>;

/**
 * Moves the sessions of a running app from one table to partitions. No user is signed out, and no end of a session is lost. A trigger
 * repeats every change of the old table in the new one while the rows are copied in pieces. Then the tables change places in one
 * transaction, which waits at most two seconds for its lock at a time. If anything fails before its commit, nothing has changed.
 * @throws TypeError if an option is unknown or invalid
 * @throws Error if the table is missing or has partitions, another move is running, or sessions cannot be moved
 */
export async function partitionSessions(knex: Knex, options: PartitionOptions): Promise<PartitionedSessions> {
  const values = readOptions(options, OPTIONS, { heading: 'The sessions cannot be moved' });
  const plain = plainKnex(knex);
  await checkServerVersion(plain);
  const table = await sessionsTable(plain, values.schema);
  if (table === undefined) throw new Error('The table identity_sessions does not exist: run `migrate` first');
  if (table.partitions > 0) throw new Error('The table identity_sessions has partitions already');
  const move = new Move(plain, table.schema, values);
  // The lock lives as long as this transaction, so that a second call does not disturb the first.
  return explained(() =>
    plain.transaction(async (holder) => {
      const { rows } = await holder.raw<{ rows: { free: boolean }[] }>(
        'select pg_try_advisory_xact_lock(?) as free',
        [LOCK],
      );
      if (!rows[0]!.free)
        throw new Error('Another process is moving the sessions: wait until it has finished');
      return move.run();
    }),
  );
}

/** The number of the advisory lock. It has no meaning. */
const LOCK = 7_201_976;

/** The number of rows that are copied in one transaction. */
const PIECE = 5000;

/** The number of times that a step tries to get its lock. */
const ATTEMPTS = 60;

/** The id of the last row of a piece, or null if there were no more rows, and the number of copied rows. */
interface Piece {
  readonly last: string | null;
  readonly copied: number;
}

class Move {
  readonly #at: string;
  /** The schema in which the new table is prepared, so that its indexes have their usual names. */
  readonly #staging: string;
  readonly #columns: Promise<readonly string[]>;

  constructor(
    private readonly knex: Knex,
    schema: string,
    private readonly options: {
      readonly partitions: number;
      readonly endOthers: boolean;
      readonly onProgress?: ((copied: number) => void) | undefined;
    },
  ) {
    this.#at = quoted(schema);
    this.#staging = quoted(`${schema.slice(0, 40)}_partitioning`);
    this.#columns = this.#readColumns(schema);
  }

  async run(): Promise<PartitionedSessions> {
    await this.#discard();
    try {
      await this.#prepare();
      const ended = await this.#endOthers();
      const copied = await this.#copy();
      await this.knex.raw(`analyze ${this.#staging}.identity_sessions`);
      await this.#checkComplete();
      await this.#swap();
      return { copied, ended };
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  async #readColumns(schema: string): Promise<readonly string[]> {
    const { rows } = await this.knex.raw<{ rows: { name: string }[] }>(
      `select quote_ident(attname) as name from pg_attribute
      where attrelid = to_regclass(quote_ident(?) || '.identity_sessions') and attnum > 0 and not attisdropped order by attnum`,
      [schema],
    );
    return rows.map(({ name }) => name);
  }

  /** Removes what an earlier attempt has left. */
  async #discard(): Promise<void> {
    await this.#locked(async (transaction) => {
      for (const name of MIRRORS)
        await transaction.raw(`drop trigger if exists ${name} on ${this.#at}.identity_sessions`);
      await transaction.raw(`drop schema if exists ${this.#staging} cascade`);
    });
  }

  /** Creates the new table, and the triggers that repeat every change in it. */
  async #prepare(): Promise<void> {
    const [at, staging, columns] = [this.#at, this.#staging, await this.#columns];
    const key = (row: string) =>
      `session_id = ${row}.session_id and bucket = ${bucketInId(`${row}.session_id`)}`;
    await this.#locked(async (transaction) => {
      await transaction.raw(`create schema ${staging}`);
      await createSessions(transaction, staging, this.options.partitions);
      // The roles of apps have no rights in the new schema, so the function runs with those of its owner.
      await transaction.raw(`
        create function ${staging}.mirror() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
        begin
          if tg_op <> 'INSERT' then
            if tg_op = 'DELETE' or old.session_id <> new.session_id then
              delete from ${staging}.identity_sessions where ${key('old')};
            end if;
            if tg_op = 'DELETE' then return null; end if;
          end if;
          if ${bucketInId('new.session_id')} <> ${bucketOfOwner('new.tenant_id', 'new.user_id')} then
            if tg_op = 'UPDATE' then return null; end if;
            raise exception 'identity session % does not name the bucket of its owner', new.session_id
              using errcode = 'check_violation', constraint = 'identity_sessions_bucket';
          end if;
          insert into ${staging}.identity_sessions (${columns.join()}, bucket)
          values (${columns.map((column) => `new.${column}`).join()}, ${bucketInId('new.session_id')})
          on conflict (session_id, bucket) do update set ${columns.map((column) => `${column} = excluded.${column}`).join()};
          return null;
        end $$`);
      await transaction.raw(`
        create function ${staging}.keep() returns trigger language plpgsql as $$
        begin
          raise exception 'identity_sessions cannot be truncated while its sessions are moved to partitions';
        end $$`);
      await transaction.raw(`
        create trigger ${MIRRORS[0]} after insert or update or delete on ${at}.identity_sessions
        for each row execute function ${staging}.mirror()`);
      await transaction.raw(`
        create trigger ${MIRRORS[1]} before truncate on ${at}.identity_sessions
        for each statement execute function ${staging}.keep()`);
    });
  }

  /** Ends the live sessions that cannot be moved, or refuses the move because of them. */
  async #endOthers(): Promise<number> {
    const others = `from ${this.#at}.identity_sessions s where ended_at is null and ${MISPLACED}`;
    const { rows } = await this.knex.raw<{ rows: { id: string }[] }>(
      `select session_id as id ${others} limit 10`,
    );
    if (rows.length === 0) return 0;
    if (!this.options.endOthers) {
      const ids = rows.map(({ id }) => id).join(', ');
      throw new Error(
        `Sessions with ids of the app's own do not name the bucket of their owner and cannot be moved, for example ${ids}: wait until they have ended, or pass \`endOthers\` (--end-others) to end them`,
      );
    }
    const ended = await this.knex.raw<{ rowCount: number }>(
      `update ${this.#at}.identity_sessions s set ended_at = now(), end_reason = 'administrator', ended_by = 'partition'
      where ended_at is null and ${MISPLACED}`,
    );
    return ended.rowCount;
  }

  /** Copies the rows in the order of their ids. */
  async #copy(): Promise<number> {
    let copied = 0;
    let last: string | null = '00000000-0000-0000-0000-000000000000';
    while (last !== null) {
      const piece = await this.#copyPiece(last);
      last = piece.last;
      copied += piece.copied;
      this.options.onProgress?.(copied);
    }
    return copied;
  }

  /**
   * Copies the rows after an id. Locks them against deletion, so that no deleted row comes back. A row that a trigger has written
   * meanwhile is newer, and stays.
   */
  async #copyPiece(after: string): Promise<Piece> {
    const columns = await this.#columns;
    const { rows } = await this.knex.raw<{ rows: [Piece] }>(
      `with piece as (
        select * from ${this.#at}.identity_sessions where session_id > ? order by session_id limit ${PIECE} for key share
      ), copied as (
        insert into ${this.#staging}.identity_sessions (${columns.join()}, bucket)
        select ${columns.join()}, ${bucketInId('session_id')} from piece s where not ${MISPLACED}
        on conflict do nothing returning 1
      )
      select (select session_id::text from piece order by session_id desc limit 1) as last,
        (select count(*)::int from copied) as copied`,
      [after],
    );
    return rows[0];
  }

  /** Both tables are read with one snapshot, in which every change is in both or in none. */
  async #checkComplete(): Promise<void> {
    const { rows } = await this.knex.raw<{ rows: [{ missing: number }] }>(
      `select count(*)::int as missing from ${this.#at}.identity_sessions s where not ${MISPLACED} and not exists (
        select from ${this.#staging}.identity_sessions n where n.session_id = s.session_id and n.ended_at is not distinct from s.ended_at
      )`,
    );
    if (rows[0].missing > 0)
      throw new Error(`${rows[0].missing} sessions were not copied; nothing has changed`);
  }

  /** Puts the new table in the place of the old one. The nodes then read the layout again, because the log says that all changed. */
  async #swap(): Promise<void> {
    const [at, staging] = [this.#at, this.#staging];
    await this.#locked(async (transaction) => {
      const all = async (sql: string) =>
        (await transaction.raw<{ rows: { sql: string }[] }>(sql)).rows.map((row) => row.sql);
      await transaction.raw(`lock table ${at}.identity_sessions in access exclusive mode`);
      // With this setting, the server names the schema in every definition.
      await transaction.raw(`set local search_path = ''`);
      const old = `'${at.replaceAll("'", "''")}.identity_sessions'::regclass`;
      const triggers = await all(
        `select pg_get_triggerdef(oid) as sql from pg_trigger
        where tgrelid = ${old} and not tgisinternal and tgname <> all('{${MIRRORS.join()}}')`,
      );
      const tables = await all(
        `select format('%I', relname) as sql from pg_class where relkind in ('r', 'p') and relnamespace = '${staging.replaceAll("'", "''")}'::regnamespace`,
      );
      const rights = [
        ...(await all(rightsOn('pg_class', 'rel', old, 'table'))),
        ...(await all(rightsOn('pg_proc', 'pro', this.#displace(), 'function'))),
      ];
      const owners = await all(
        `select quote_ident(pg_get_userbyid(relowner)) as sql from pg_class where oid = ${old}`,
      );
      await transaction.raw(`drop table ${at}.identity_sessions`);
      for (const table of tables) {
        await transaction.raw(`alter table ${staging}.${table} set schema ${at}`);
        await transaction.raw(`alter table ${at}.${table} owner to ${owners[0]!}`);
      }
      await transaction.raw(`drop function ${at}.identity_session_displace`);
      await createDisplace(transaction, at, this.options.partitions);
      await protectBuckets(transaction, at);
      for (const name of ['displace', 'wrong_bucket']) {
        await transaction.raw(`alter function ${at}.identity_session_${name} owner to ${owners[0]!}`);
      }
      for (const statement of [...triggers, ...rights])
        await transaction.raw(statement.replaceAll('%at', at));
      await transaction.raw(`drop schema ${staging} cascade`);
      await transaction.raw(`insert into ${at}.identity_session_changes (session_id) values (null)`);
    });
  }

  #displace(): string {
    return `'${this.#at.replaceAll("'", "''")}.identity_session_displace'::regproc`;
  }

  /** Runs a transaction that waits at most two seconds for a lock, so that requests do not wait longer behind it. Repeats it. */
  async #locked(work: (transaction: Knex.Transaction) => Promise<void>): Promise<void> {
    const clock = systemClock();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.knex.transaction(async (transaction) => {
          await transaction.raw(`set local lock_timeout = '2s'`);
          await work(transaction);
        });
      } catch (error) {
        const code = (error as { code?: string }).code;
        if ((code !== '55P03' && code !== '40P01') || attempt === ATTEMPTS) throw error;
        await new Promise<void>((resolve) => void clock.after(jittered(200, 1000), resolve));
      }
    }
  }
}

/** The triggers on the old table during a move. */
const MIRRORS = ['identity_session_mirror', 'identity_session_keep'] as const;

/** The condition that the id of the session `s` does not name the bucket of its owner. */
const MISPLACED = `(${bucketInId('s.session_id')} <> ${bucketOfOwner('s.tenant_id', 's.user_id')})`;

/** Returns the query for the statements that give others the rights that they had. `%at` stands for the schema. */
function rightsOn(catalog: string, prefix: string, oid: string, kind: 'table' | 'function'): string {
  const [name, column] =
    kind === 'table' ? ['identity_sessions', 'relname'] : ['identity_session_displace', 'proname'];
  const object = `${kind} %at.${name}`;
  return `
    select 'revoke all on ${object} from public' as sql from ${catalog} where oid = ${oid} and ${prefix}acl is not null
    union all
    select distinct format('grant %s on ${object.replace('%at', '%%at')} to %s', privilege_type,
      case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
    from ${catalog}, aclexplode(${prefix}acl) where oid = ${oid} and ${column} is not null and grantee <> ${prefix}owner`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
