import { systemClock, withTimeout } from '../clock';
import { CircuitBreaker } from './circuit-breaker';
import { isConnectionLost, isUnprepared, refusalOf, sqlState } from './failures';

/** A statement under the name by which a connection keeps it prepared. One name, one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A row as PostgreSQL sends it: a text, or null, for each selected column. */
export type Row = Readonly<Record<string, string | null>>;

/** Runs a statement on one connection. Which columns its rows have is known to whoever wrote it. */
export type Run = <R extends object = Row>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly R[]>;

/** The part of a `pg` client that is used here. */
export interface Connection {
  query(config: object): Promise<{ readonly rows: readonly object[] }>;
  /** Set by Knex when a connection broke, and by us when it must not be used again: its owner then replaces it. */
  __knex__disposed?: unknown;
}

/** Where connections come from, and go back to. */
export interface ConnectionSource {
  acquire(): Promise<Connection>;
  release(connection: Connection): void;
}

/** The quoted name of a table, in the schema if there is one. */
export function inSchema(table: string, schema: string | undefined): string {
  return schema === undefined ? table : `"${schema.replaceAll('"', '""')}".${table}`;
}

/** In bytes. PostgreSQL cuts longer names, and would then take two statements for one. */
const LONGEST_NAME = 63;

/**
 * The name of a statement on a table. It carries the table, because a connection may serve two installations; where that
 * is too long there is no name, and nothing is kept prepared.
 */
export function statementName(table: string, key: string): string {
  const name = `${table}.${key}`;
  return Buffer.byteLength(name) <= LONGEST_NAME ? name : '';
}

export interface StatementRunnerOptions {
  /** How long one act may wait for the database, in milliseconds: for a connection and for all its statements. */
  readonly budget: number;
  /** Where the tables are, for who has not made them there; the first of the search path when absent. */
  readonly schema?: string | undefined;
}

/**
 * Runs statements over connections that it borrows, with a limit to every wait: the server's own timeouts do not fire
 * while the server hangs.
 */
export class StatementRunner {
  readonly #source: ConnectionSource;
  readonly #budget: number;
  readonly #schema: string | undefined;
  /** Waits for a database are real ones, whatever clock a test has sessions judged by. */
  readonly #clock = systemClock();
  readonly #breaker = new CircuitBreaker(
    () => this.#with(this.#deadline(), (run) => run(PROBE, [])),
    this.#clock,
  );
  /** Whether connections keep what was prepared on them, as all do but those of a transaction pooler. */
  #prepares = true;

  constructor(source: ConnectionSource, { budget, schema }: StatementRunnerOptions) {
    this.#source = source;
    this.#budget = budget;
    this.#schema = schema;
  }

  /** Whether the database answers, as far as is known. */
  get available(): boolean {
    return !this.#breaker.open;
  }

  /** Runs one statement. Asking twice does no harm, so a connection that turns out to be broken is replaced once. */
  async repeatable<R extends object = Row>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly R[]> {
    const deadline = this.#deadline();
    const attempt = () => this.#with(deadline, (run) => run<R>(statement, values));
    return this.#breaker.run(async () => {
      try {
        return await attempt();
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        return await attempt();
      }
    });
  }

  /** Runs one statement that must not be run twice. */
  once<R extends object = Row>(statement: Statement, values: readonly unknown[]): Promise<readonly R[]> {
    return this.#breaker.run(() => this.#with(this.#deadline(), (run) => run<R>(statement, values)));
  }

  /**
   * Runs the work in a transaction of its own. READ COMMITTED is said aloud: rules that hold by a lock would silently
   * fail if the database's or the role's default were a higher level, whose snapshot is older than the lock.
   */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
    const inTransaction = async (run: Run, connection: Connection) => {
      await run(BEGIN, []);
      try {
        const result = await work(run);
        await run(COMMIT, []);
        return result;
      } catch (error) {
        await run(ROLLBACK, []).catch((failure: unknown) => {
          connection.__knex__disposed = failure;
        });
        throw error;
      }
    };
    return this.#breaker.run(() => this.#with(this.#deadline(), inTransaction));
  }

  #deadline(): number {
    return this.#clock.monotonic() + this.#budget;
  }

  async #with<T>(deadline: number, use: (run: Run, connection: Connection) => Promise<T>): Promise<T> {
    const prepares = this.#prepares;
    try {
      return await this.#borrow(deadline, prepares, use);
    } catch (error) {
      if (!prepares || !isUnprepared(error)) throw refusalOf(error, this.#schema);
    }
    // Nothing was done: a statement that is not understood does not run, and a transaction was rolled back.
    this.#prepares = false;
    return this.#with(deadline, use);
  }

  async #borrow<T>(
    deadline: number,
    prepares: boolean,
    use: (run: Run, connection: Connection) => Promise<T>,
  ): Promise<T> {
    const connection = await this.#acquire(deadline);
    try {
      const run: Run = ({ name, text }, values) => {
        const statement = prepares ? { name, text } : { text };
        return this.#run(connection, { ...statement, values }, deadline);
      };
      return await use(run, connection);
    } finally {
      this.#source.release(connection);
    }
  }

  /** A connection that comes too late is given back unused. */
  #acquire(deadline: number): Promise<Connection> {
    return withTimeout(this.#source.acquire(), {
      clock: this.#clock,
      limit: deadline - this.#clock.monotonic(),
      problem: 'No connection to the database came free in time',
      late: (connection) => this.#source.release(connection),
    });
  }

  async #run<R extends object>(
    connection: Connection,
    statement: { readonly name?: string; readonly text: string; readonly values: readonly unknown[] },
    deadline: number,
  ): Promise<readonly R[]> {
    const left = Math.ceil(deadline - this.#clock.monotonic());
    if (left <= 0) throw new Error('The database took too long to answer');
    try {
      const { rows } = await connection.query({ ...statement, ...AS_TEXT, query_timeout: left });
      return rows as readonly R[];
    } catch (error) {
      // The answer may still be on its way: a connection that is not known to be idle is never used again.
      if (sqlState(error) === undefined || isConnectionLost(error)) connection.__knex__disposed = error;
      throw error;
    }
  }
}

const PROBE = { name: '', text: 'select 1' };
const BEGIN = { name: '', text: 'begin isolation level read committed' };
const COMMIT = { name: '', text: 'commit' };
const ROLLBACK = { name: '', text: 'rollback' };

/** Rows as plain text, whatever type parsers the app has set for its own queries. */
const AS_TEXT = { types: { getTypeParser: () => (value: string) => value } };
