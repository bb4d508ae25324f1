import type { DedicatedConnection } from '../database/dedicated-connection';
import { unavailable } from '../database/failures';
import { inSchema, statementName, StatementRunner, type Statement } from '../database/statement-runner';
import { TableSchema } from '../database/table-schema';
import type { ChangeLog, Changes, ChangeSet, Position } from './changes';
import type { Hint } from './hint';

/**
 * The change log in PostgreSQL is the table `identity_session_changes`. The triggers that migration 001 creates insert a
 * row for every session that ends or changes, so that changes by hand, for example in psql, are logged too. Only the statement that
 * erases a user's sessions writes to it directly. This file only reads the log, notifies, listens, and prunes.
 */
const LOG = 'identity_session_changes';

/** The channel of the notifications. All schemas of a database share it. */
const CHANNEL = 'identity_session_changes';

/** The time that the log reaches back, in milliseconds. A node that was away longer clears its cache. */
export const LOG_RETENTION = 3_600_000;

export interface PostgresChangesOptions {
  /** The budget of one read, in milliseconds. */
  readonly budget: number;
  /** The schema of the log. By default it is determined over `connection`. */
  readonly schema?: TableSchema | undefined;
  /**
   * The runner that writes sessions. Pass it if `connection` was configured separately: the first read then checks that
   * both lead to the same log. A log in the wrong database is always empty, and would look as if nothing ever ended.
   */
  readonly writer?: StatementRunner | undefined;
}

/** Reads the change log over the dedicated connection, so that a busy pool does not delay it. `close()` closes it. */
export function postgresChanges(
  connection: DedicatedConnection,
  { budget, schema, writer }: PostgresChangesOptions,
): Changes {
  return new PostgresChanges(connection, { budget, schema, writer });
}

/**
 * A hint by LISTEN and NOTIFY on the connection that also reads the log. `listen()` sends nothing itself: the connection
 * sends LISTEN before its next use, which is the next read of the log, and again after every reconnect.
 * @param options `budget` is the time for one notification, in milliseconds.
 */
export function postgresHint(connection: DedicatedConnection, { budget }: { readonly budget: number }): Hint {
  const runner = new StatementRunner(connection, { budget });
  return {
    name: 'listen',
    listen: (listener) => connection.listen(CHANNEL, listener),
    send: () => runner.once(NOTIFY, []),
  };
}

/**
 * Notifies in a transaction of its own, whose commit waits for no disk. Other programs may hold the lock that every
 * notification takes. Reads of the log wait for this statement, so it must not wait long.
 */
const NOTIFY: Statement = {
  name: 'identity_sessions.notify',
  text: `select set_config('lock_timeout', '500ms', true), pg_notify('${CHANNEL}', '')`,
};

/** Prunes the change log. It uses the app's pool, so that pruning does not delay the reads of the log. */
export function postgresChangeLog(
  runner: StatementRunner,
  { schema = new TableSchema(undefined, runner) }: { readonly schema?: TableSchema } = {},
): ChangeLog {
  return new PostgresChangeLog(runner, schema);
}

/**
 * A position in the log: the rows of all transactions that `snapshot` sees have been read. The next read returns all other
 * rows. So no row is missed or read twice, in whatever order transactions commit and however long they run.
 */
interface ReadPosition {
  readonly snapshot: string;
  /** The log and the start time of its server. Snapshots cannot be compared after a restart or a failover. */
  readonly server: string;
  readonly time: string;
}

interface ChangesRow {
  readonly snapshot: string;
  readonly server: string;
  readonly time: string;
  readonly replica: 't' | 'f';
  readonly reached: 't' | 'f';
  readonly ids: string | null;
  readonly everything: 't' | 'f' | null;
}

/** The largest number of changes that one read lists. Above it, clearing the whole cache is cheaper. */
const MAX_CHANGES = 10_000;

class PostgresChanges implements Changes {
  readonly #connection: DedicatedConnection;
  readonly #runner: StatementRunner;
  readonly #writer: StatementRunner | undefined;
  readonly #sql: () => Promise<ReturnType<typeof readStatements>>;
  /** The server and log for which the writer was last checked. */
  #checked: string | undefined;

  constructor(connection: DedicatedConnection, { budget, schema, writer }: PostgresChangesOptions) {
    this.#connection = connection;
    this.#runner = new StatementRunner(connection, { budget, schema: schema?.configured });
    this.#writer = writer;
    const tables = schema ?? new TableSchema(undefined, this.#runner);
    this.#sql = tables.statements((name) => readStatements(inSchema(LOG, name)));
  }

  async read(since: Position | undefined): Promise<ChangeSet> {
    const last = since === undefined ? undefined : (JSON.parse(since) as ReadPosition);
    const sql = await this.#sql();
    const row =
      last === undefined
        ? await this.#query(sql.first, [])
        : await this.#query(sql.next, [last.snapshot, last.time]);
    const { snapshot, server, time } = row;
    await this.#checkWriter(server);
    const follows = last?.server === server && row.reached === 't' && row.everything !== 't';
    return {
      ids: follows ? (row.ids?.replaceAll('-', '').split(',') ?? []) : [],
      everything: !follows,
      position: JSON.stringify({ snapshot, server, time } satisfies ReadPosition),
      time: Number(time),
    };
  }

  rest(): Promise<void> {
    return this.#connection.rest();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Checks that this node writes to the log that it reads. Runs once for each server. */
  async #checkWriter(server: string): Promise<void> {
    if (this.#writer === undefined || server === this.#checked) return;
    const [row] = await this.#writer.repeatable<ChangesRow>((await this.#sql()).first, []);
    if (row?.server !== server) {
      throw new Error(
        '`changesConnection` leads to a different database than `knex`: use the same server and database for both',
      );
    }
    this.#checked = server;
  }

  async #query(statement: Statement, values: readonly unknown[]): Promise<ChangesRow> {
    const [row] = await this.#runner.repeatable<ChangesRow>(statement, values);
    // A replica can lag by any time, so a session that has not ended there may have ended on the primary.
    if (row === undefined || row.replica === 't') {
      throw unavailable(
        new Error(
          'The change log was read from a replica: connect `knex` (and `changesConnection`) to the primary',
        ),
      );
    }
    return row;
  }
}

function readStatements(table: string) {
  const current = currentPosition(table);
  return {
    first: { name: statementName(table, 'first'), text: `select ${current}` },
    next: {
      name: statementName(table, 'next'),
      text: `
        with unseen as (
          select session_id, version from ${table}
          where xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)
          limit ${MAX_CHANGES + 1}
        )
        select ${current},
          clock_timestamp() - to_timestamp($2::float8 / 1000) < interval '${LOG_RETENTION} milliseconds' as reached,
          (select string_agg(session_id::text, ',') from unseen) as ids,
          (select bool_or(session_id is null or version > 1) or count(*) > ${MAX_CHANGES} from unseen) as everything`,
    },
  } satisfies Record<string, Statement>;
}

/**
 * The columns of the current position. `server` contains the log's oid, because two databases can have equal names, and the
 * number of its file, which changes when the log is truncated, for example before a dump is restored.
 */
function currentPosition(table: string): string {
  const log = `'${table.replaceAll("'", "''")}'::regclass::oid`;
  return `
    pg_current_snapshot() as snapshot,
    concat_ws('/', extract(epoch from pg_postmaster_start_time()), current_database(), ${log},
      pg_relation_filenode(${log})) as server,
    round(extract(epoch from clock_timestamp()) * 1000) as time,
    pg_is_in_recovery() as replica`;
}

/** One minute more than the retention, because a reader's time is taken slightly after its snapshot. */
const LONG_AGO = `clock_timestamp() - interval '${LOG_RETENTION + 60_000} milliseconds'`;

class PostgresChangeLog implements ChangeLog {
  readonly #runner: StatementRunner;
  readonly #sql: () => Promise<ReturnType<typeof pruneStatements>>;

  constructor(runner: StatementRunner, schema: TableSchema) {
    this.#runner = runner;
    this.#sql = schema.statements((name) =>
      pruneStatements(inSchema(LOG, name), inSchema('identity_session_cleanup', name)),
    );
  }

  async prune(limit: number): Promise<number> {
    const sql = await this.#sql();
    const [row] = await this.#runner.once(sql.prune, [limit]);
    const pruned = Number(row?.['pruned']);
    if (pruned === 0) await this.#runner.once(sql.recordSnapshot, []);
    return pruned;
  }
}

/**
 * An entry can be deleted if it was visible in a snapshot taken long ago. The time of the entry is not enough, because its
 * transaction may have been open ever since. So cleanup records a snapshot and its time. Entries with a future transaction
 * id came from a dump of another server, and every read would take them for new.
 */
function pruneStatements(log: string, cleanup: string) {
  return {
    prune: {
      name: statementName(log, 'prune'),
      text: `
        with known as (
          select entry.ctid from ${log} entry, ${cleanup}
          where log_seen_at <= ${LONG_AGO} and logged_at <= log_seen_at and pg_visible_in_snapshot(xid, log_seen)
            or xid >= pg_snapshot_xmax(pg_current_snapshot())
          limit $1
        ), pruned as (
          delete from ${log} where ctid = any(array(select ctid from known)) returning 1
        )
        select count(*) as pruned from pruned`,
    },
    recordSnapshot: {
      name: statementName(cleanup, 'record-snapshot'),
      text: `
        update ${cleanup} set log_seen = pg_current_snapshot(), log_seen_at = clock_timestamp()
        where log_seen_at <= ${LONG_AGO}`,
    },
  } satisfies Record<string, Statement>;
}
