import { unavailable } from '../database/failures';
import type { DedicatedConnection } from '../database/dedicated-connection';
import { inSchema, statementName, type StatementRunner, type Statement } from '../database/statement-runner';
import type { ChangeLog, Changes, ChangeSet, Position } from './changes';
import type { Hint, HintListener } from './hint';

export interface PostgresChangesOptions {
  /** The schema that holds the log; what the connection's search path finds first when absent. */
  readonly schema?: string | undefined;
  /**
   * The pool that sessions are written through, where the connection was told to lead elsewhere: a log that nobody writes
   * is silent, and must not be taken for good news.
   */
  readonly written?: StatementRunner | undefined;
}

/** How long the log reaches back, in milliseconds. Nodes that were away for longer start afresh. */
export const LOG_RETENTION = 3_600_000;

/** The channel on which the triggers say that the log has grown; all schemas of a database share it. */
const CHANNEL = 'identity_session_changes';

/**
 * Reads `identity_session_changes`, which triggers keep, through a pool that is the log's own. It is a hint too: the
 * triggers send a notice with each transaction that the connection listens for.
 */
export function postgresChanges(
  runner: StatementRunner,
  connection: DedicatedConnection,
  { schema, written }: PostgresChangesOptions = {},
): Changes & Hint {
  return new PostgresChanges(runner, connection, inSchema('identity_session_changes', schema), written);
}

/** Keeps `identity_session_changes` short, through the app's pool: readers of the log shall not wait for that. */
export function postgresChangeLog(
  runner: StatementRunner,
  { schema }: PostgresChangesOptions = {},
): ChangeLog {
  const [log, memory] = ['identity_session_changes', 'identity_session_cleanup'].map((table) =>
    inSchema(table, schema),
  );
  return new PostgresChangeLog(runner, log!, memory!);
}

/**
 * What one read saw: the rows of all transactions that were finished then. The next read takes the others, so nothing is
 * missed and nothing comes twice, whatever order transactions commit in and however long they run.
 */
interface Seen {
  readonly snapshot: string;
  /** The log that was read, and its server's start: after a restart or a failover, snapshots cannot be compared. */
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

/** Beyond so many changes it is cheaper to start afresh than to name them. */
const MOST_CHANGES = 10_000;

class PostgresChanges implements Changes, Hint {
  readonly name = 'listen';
  readonly #runner: StatementRunner;
  readonly #connection: DedicatedConnection;
  readonly #first: Statement;
  readonly #next: Statement;
  readonly #written: StatementRunner | undefined;
  /** The server and log that sessions were last known to be written to. */
  #confirmed: string | undefined;

  constructor(
    runner: StatementRunner,
    connection: DedicatedConnection,
    table: string,
    written: StatementRunner | undefined,
  ) {
    this.#runner = runner;
    this.#connection = connection;
    this.#written = written;
    const here = hereOf(table);
    this.#first = { name: statementName(table, 'first'), text: `select ${here}` };
    this.#next = {
      name: statementName(table, 'next'),
      text: `
        with unseen as (
          select session_id, version from ${table}
          where xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)
          limit ${MOST_CHANGES + 1}
        )
        select ${here},
          clock_timestamp() - to_timestamp($2::float8 / 1000) < interval '${LOG_RETENTION} milliseconds' as reached,
          (select string_agg(session_id::text, ',') from unseen) as ids,
          (select bool_or(session_id is null or version > 1) or count(*) > ${MOST_CHANGES} from unseen) as everything`,
    };
  }

  async read(since: Position | undefined): Promise<ChangeSet> {
    const seen = since === undefined ? undefined : (JSON.parse(since) as Seen);
    const row =
      seen === undefined
        ? await this.#ask(this.#first, [])
        : await this.#ask(this.#next, [seen.snapshot, seen.time]);
    const { snapshot, server, time } = row;
    await this.#confirm(server);
    const follows = seen?.server === server && row.reached === 't' && row.everything !== 't';
    return {
      ids: follows ? (row.ids?.replaceAll('-', '').split(',') ?? []) : [],
      everything: !follows,
      position: JSON.stringify({ snapshot, server, time } satisfies Seen),
      time: Number(time),
    };
  }

  listen(listener: HintListener): () => void {
    return this.#connection.listen(CHANNEL, listener);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Asked once for each server that is met: the sessions that this node writes must be in the log that it reads. */
  async #confirm(server: string): Promise<void> {
    if (this.#written === undefined || server === this.#confirmed) return;
    const [row] = await this.#written.repeatable<ChangesRow>(this.#first, []);
    if (row?.server !== server) {
      throw new Error(
        '`changesConnection` leads to another database than `knex`: give it the same server and database',
      );
    }
    this.#confirmed = server;
  }

  async #ask(statement: Statement, values: readonly unknown[]): Promise<ChangesRow> {
    const [row] = await this.#runner.repeatable<ChangesRow>(statement, values);
    // A replica may be behind by any time, so what it does not know proves nothing.
    if (row === undefined || row.replica === 't') {
      throw unavailable(new Error('The database that answers is a replica: `knex` must lead to the primary'));
    }
    return row;
  }
}

/** Where and when something is read. The log is known by its number: two databases may have logs of one name. */
function hereOf(table: string): string {
  const log = `'${table.replaceAll("'", "''")}'::regclass::oid`;
  return `
    pg_current_snapshot() as snapshot,
    concat_ws('/', extract(epoch from pg_postmaster_start_time()), current_database(), ${log}) as server,
    round(extract(epoch from clock_timestamp()) * 1000) as time,
    pg_is_in_recovery() as replica`;
}

/** A minute more than a reader may be away: it is told the time a little after what it saw was settled. */
const LONG_AGO = `clock_timestamp() - interval '${LOG_RETENTION + 60_000} milliseconds'`;

class PostgresChangeLog implements ChangeLog {
  readonly #runner: StatementRunner;
  readonly #prune: Statement;
  readonly #remember: Statement;

  constructor(runner: StatementRunner, log: string, memory: string) {
    this.#runner = runner;
    // An entry may go when it was visible long ago: the time at which it was written says nothing, for its transaction may
    // have been open ever since. So cleanup remembers what it saw. Entries from the future came with a dump of another
    // server, which counted transactions otherwise; every read would take them for new.
    this.#prune = {
      name: statementName(log, 'prune'),
      text: `
        with known as (
          select entry.ctid from ${log} entry, ${memory}
          where log_seen_at <= ${LONG_AGO} and logged_at <= log_seen_at and pg_visible_in_snapshot(xid, log_seen)
            or xid >= pg_snapshot_xmax(pg_current_snapshot())
          limit $1
        ), pruned as (
          delete from ${log} where ctid = any(array(select ctid from known)) returning 1
        )
        select count(*) as pruned from pruned`,
    };
    this.#remember = {
      name: statementName(memory, 'remember'),
      text: `
        update ${memory} set log_seen = pg_current_snapshot(), log_seen_at = clock_timestamp()
        where log_seen_at <= ${LONG_AGO}`,
    };
  }

  async prune(limit: number): Promise<number> {
    const [row] = await this.#runner.once(this.#prune, [limit]);
    const pruned = Number(row?.['pruned']);
    if (pruned === 0) await this.#runner.once(this.#remember, []);
    return pruned;
  }
}
